"""Modes of ``spikeatlas benchmark`` that measure one published system each."""
