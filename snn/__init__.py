"""Spiking networks, generators, and what they answer. Nothing here knows the rest of the project."""
