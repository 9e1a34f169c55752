"""Selectivity over training: statistics of atlases as pure functions of xarray objects, and their test bed."""
