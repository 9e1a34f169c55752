"""Latent spaces that are searched."""

from __future__ import annotations
