"""Spiking neurons: one file a member, one table."""

from __future__ import annotations
