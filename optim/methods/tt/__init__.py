"""Tensor-train search (MANGO's method, after PROTES)."""

from __future__ import annotations
