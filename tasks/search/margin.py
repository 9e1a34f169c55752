"""The slope that a search is given where responses are equal: how far a neuron's currents are from its threshold.

A neuron that answers nothing, or everything alike, gives a search nothing to climb. Its input currents do: so each
value is the response and a share of the smallest difference of two responses, which grows with the current. No
order of responses is changed, and the response is what its value is rounded to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import Subject

Responses = NDArray[np.float32]
Images = NDArray[np.uint8]

_SHARE = 0.3
_WIDTH = 3.0


@dataclass(frozen=True, eq=False)
class Margin:
    """The slope of N neurons."""

    drive: Callable[[Images], Responses]
    """Stimuli (n, c, h, w) to mean input currents (n, N), in thresholds."""
    quantum: NDArray[np.float64]
    """(N,) smallest difference of two responses of each."""

    def lift(self, responses: Responses, drive: Responses) -> Responses:
        """Return values (n, N): the responses, and at most 0.3 of a quantum more or less, by drives (n, N)."""
        slope = _SHARE * self.quantum * np.tanh(drive / _WIDTH)
        return np.asarray(responses + slope, np.float32)

    def lower(self, values: NDArray[Any]) -> Responses:
        """Return the responses that values (N * R, ...) of R searches for each neuron were lifted from."""
        quantum = np.repeat(self.quantum, len(values) // len(self.quantum))
        quantum = quantum.reshape(-1, *(1,) * (values.ndim - 1))
        return np.asarray(np.rint(values / quantum) * quantum, np.float32)


def make_margin(subject: Subject, neurons: Mapping[str, Sequence[int]], showing: Showing) -> Margin:
    """Make the slope of some neurons of each layer, layer by layer. LookupError where the subject does not tell it."""
    drive = subject.drive_responder(neurons, showing)
    quanta = {name: subject.layers[name].unit.quantum for name in neurons}
    if drive is None or None in quanta.values():
        raise LookupError("this network does not tell how far its neurons are driven.")

    def drives(images: Images) -> Responses:
        rows = drive(images)
        return np.concatenate([rows[name] for name in neurons], axis=1)

    return Margin(
        drives,
        np.repeat(
            [float(quanta[name] or 0) for name in neurons], [len(row) for row in neurons.values()]
        ),
    )
