"""The slope that a search is given where responses are equal: how far a neuron's currents are from its threshold.

A neuron that answers nothing, or everything alike, gives a search nothing to climb. Its input currents do: so each
value is the response and a share of the smallest difference of two responses, which grows with the current. No
order of responses is changed, and the response is what its value is rounded to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Responses = NDArray[np.float32]
Images = NDArray[np.uint8]

_SHARE = 0.3
_WIDTH = 3.0


@dataclass(frozen=True, eq=False)
class Margin:
    """The slope of N neurons of one layer."""

    drive: Callable[[Images], Responses]
    """Stimuli (n, c, h, w) to mean input currents (n, N), in thresholds."""
    quantum: float
    """Smallest difference of two responses."""

    def lift(self, responses: Responses, drive: Responses) -> Responses:
        """Return values (n, N): the responses, and at most 0.3 of a quantum more or less, by drives (n, N)."""
        slope = _SHARE * self.quantum * np.tanh(drive / _WIDTH)
        return np.asarray(responses + slope, np.float32)

    def lower(self, values: NDArray[Any]) -> Responses:
        """Return the responses that values were lifted from."""
        return np.asarray(np.rint(values / self.quantum) * self.quantum, np.float32)
