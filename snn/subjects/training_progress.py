"""The state of a training at one epoch."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan


@dataclass(frozen=True)
class Progress:
    """The state of training at an epoch, as far as somebody wrote it down."""

    step: int = -1
    """Training steps taken; -1: nobody knows."""
    images_seen: int = -1
    """Training images seen; -1: nobody knows."""
    accuracy: float = nan
    """Share of test images that are read right, 0 to 1; NaN: nobody knows."""
    loss: float = nan
    """Mean cross-entropy of the test images' scores, in nats; NaN: nobody knows."""
    mean_return: float = nan
    """Mean over test episodes of the sum of rewards; NaN: nobody knows, or it acts nowhere."""
