"""Units of a module's layers that do not spike, measured on training images when they are first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from spikeatlas.snn.modules import NaturalReference, natural_reference
from spikeatlas.snn.readings import UnitChoice
from spikeatlas.snn.subjects.module_responder import Means


class LazyReferences:
    """Units of a module's layers that do not spike, measured when they are first asked for."""

    def __init__(
        self, measure: Callable[[], Means], layers: Sequence[str], quantile: float
    ) -> None:
        self._measure = measure
        self._layers = layers
        self._quantile = quantile
        self._turn = threading.Lock()
        self._values: dict[str, NaturalReference] | None = None

    def __call__(self) -> Mapping[str, NaturalReference]:
        """Return the reference of each layer that does not spike."""
        if not self._layers:
            return {}
        with self._turn:
            if self._values is None:
                means = self._measure()
                self._values = {
                    name: natural_reference(means[name], self._quantile) for name in self._layers
                }
            return self._values


class ReferencesByUnit:
    """References of a module's layers, for channels and for positions of their maps."""

    def __init__(self, make: Callable[[UnitChoice], LazyReferences]) -> None:
        self._make = make
        self._turn = threading.Lock()
        self._values: dict[UnitChoice, LazyReferences] = {}

    def __call__(self, unit: UnitChoice = "channel") -> Mapping[str, NaturalReference]:
        """Return the reference of each layer that does not spike."""
        with self._turn:
            references = self._values.setdefault(unit, self._make(unit))
        return references()
