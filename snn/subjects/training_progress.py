"""The state of a training at an epoch, as far as it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan

import numpy as np
from numpy.typing import NDArray


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
    optimum: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """``beta``, ``objective`` and ``gap`` (classes,) of a training that knows how far from its optimum it is."""
