"""The differences of a replay's responses that are rounding, and no other answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.layer_info import Unit

TOLERANCE = 1e-6
"""Largest difference of a response on another machine, of one above 1 as a share of it; on the same one a replay is
exact."""


def tolerance(unit: Unit, stored: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what rounding may change of each response (...,), in its ``unit``.

    Of counts of spikes, less than half a spike: none may differ. Of other numbers, a share of ``TOLERANCE`` of the
    response, or of 1 where it is smaller.
    """
    sizes = TOLERANCE * np.maximum(1, np.abs(np.asarray(stored, np.float64)))
    # a rate, a mean of them or their difference is one of few numbers, however large the map is
    return sizes if unit.quantum is None else np.minimum(sizes, unit.quantum / 2)


def tuning_tolerance(unit: Unit, stored: NDArray[np.float32]) -> NDArray[np.float64]:
    """As ``tolerance``, of the responses (images, neurons) to many images: in the measure of each neuron's largest.

    A response near 0 is a sum of terms as large as those that make the neuron's others, and is rounded as they are.
    """
    largest = np.abs(stored).max(axis=0, initial=0)
    return np.broadcast_to(tolerance(unit, largest), stored.shape)
