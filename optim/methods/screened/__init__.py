"""The screened search: a screening, a first-order model, evolution in lock step."""

from __future__ import annotations
