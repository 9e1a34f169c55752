"""Units of a module's layers that do not spike, measured on training images when they are first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from spikeatlas.snn.modules import NaturalReference, natural_reference
from spikeatlas.snn.readings import UnitChoice
from spikeatlas.snn.subjects.module_responder import Means


class LazyReferences:
    """References of a module's layers that do not spike, for channels and for positions of their maps."""

    def __init__(
        self, measure: Callable[[UnitChoice], Means], layers: Sequence[str], quantile: float
    ) -> None:
        self._measure = measure
        self._layers = layers
        self._quantile = quantile
        self._turn = threading.Lock()
        self._values: dict[UnitChoice, Mapping[str, NaturalReference]] = {}

    def __call__(self, unit: UnitChoice = "channel") -> Mapping[str, NaturalReference]:
        """Return the reference of each layer that does not spike; the first call for a unit measures them."""
        if not self._layers:
            return {}
        with self._turn:
            if unit not in self._values:
                means = self._measure(unit)
                self._values[unit] = {
                    name: natural_reference(means[name], self._quantile) for name in self._layers
                }
            return self._values[unit]
