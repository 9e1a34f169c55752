"""The one-cycle schedule: up along a half cosine, then down along another."""

from __future__ import annotations

import math

RISE = 0.3
"""Share of the cycle in which it rises."""
START = 25.0
"""Peak over the first value."""
END = 1e4
"""First value over the last."""


def one_cycle(share: float) -> float:
    """Return the schedule, in shares of its peak, at a share of the cycle, 0 to 1.

    From 1 / 25 along a half cosine to 1 at 30 %, then down along another to 1 / 250,000 (the defaults of optax's
    cosine_onecycle_schedule).
    """
    first, last = 1 / START, 1 / (START * END)
    if share < RISE:
        return _between(first, 1.0, share / RISE)
    return _between(1.0, last, (share - RISE) / (1 - RISE))


def _between(start: float, end: float, share: float) -> float:
    """Return the half cosine from ``start`` to ``end``."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
