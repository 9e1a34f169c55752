"""Readers of an atlas for people at a terminal."""

from __future__ import annotations
