"""Importance of neurons for what a network does."""

from __future__ import annotations
