"""Checks of the searches of a study."""

from __future__ import annotations
