"""The form of a mode of ``spikeatlas benchmark``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

Mode: TypeAlias = Callable[..., Iterator[str]]
"""A function whose keyword arguments are the options that it takes, and which yields what to print."""

RACE = "BENCH"
"""The mode that no option names: a race of the searches in a file."""
