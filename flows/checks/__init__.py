"""Checking a study whole before any work: all problems are listed together."""

from __future__ import annotations
