"""Difference of two neurons' responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.frozen_table import FrozenTable
from spikeatlas.snn.layer_info import Unit
from spikeatlas.snn.readings.base import Columns
from spikeatlas.snn.readings.group_reading import GroupReading, Neuron
from spikeatlas.snn.registry import SPEC

Pairs = Annotated[tuple[tuple[Neuron, Neuron], ...], Field(min_length=1)]


@dataclass(frozen=True, config=SPEC, kw_only=True)
class DifferenceReading(GroupReading):
    """Reading of the first neuron of a pair minus that of the second: in [-1, 1] where each is in [0, 1]."""

    kind: Literal["difference"] = "difference"
    pairs: Annotated[dict[str, Pairs], Field(min_length=1), AfterValidator(FrozenTable)]
    """Two neurons each, by layer: ``{fc1: [[0, 1], [5, 2]]}``."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for layer, pairs in self.pairs.items():
            for first, second in pairs:
                if first == second:
                    raise ValueError(
                        f"pair [{first}, {second}] of layer {layer!r} is one neuron, which differs from "
                        "itself by 0: name two."
                    )
        return self

    @property
    def members(self) -> Mapping[str, Pairs]:
        """See ``GroupReading``."""
        return self.pairs

    def merge(self, responses: Columns) -> Columns:
        """First minus second."""
        difference = responses[:, 0].astype(np.float64) - responses[:, 1]
        return difference.astype(np.float32)

    def unit(self, unit: Unit, groups: Sequence[tuple[int, ...]]) -> Unit:
        """Of the neurons', from minus its span to its span."""
        del groups
        bounded = unit.top is not None and unit.bottom is not None
        span = (unit.top or 0) - (unit.bottom or 0) if bounded else None
        name = f"{unit.name}, of one neuron minus another's"
        return Unit(name, unit.quantum, span, None if span is None else -span)
