"""Checks of arguments, with sentences for those who gave them."""

from __future__ import annotations

from numbers import Integral
from typing import Any


def whole(name: str, value: Any, lowest: int, highest: int | None = None) -> None:
    """Raise ValueError unless `value` is a whole number in [lowest, highest]."""
    valid = not isinstance(value, bool) and isinstance(value, Integral)
    if not valid or value < lowest or (highest is not None and value > highest):
        allowed = f"of at least {lowest}" if highest is None else f"in [{lowest}, {highest}]"
        raise ValueError(f"{name} is {value!r}; it must be a whole number {allowed}")
