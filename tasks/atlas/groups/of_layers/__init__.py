"""The groups that every layer has one of."""

from __future__ import annotations
