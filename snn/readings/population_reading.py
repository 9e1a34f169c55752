"""Mean response of several neurons."""

from __future__ import annotations

import dataclasses
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

Members = Annotated[tuple[Neuron, ...], Field(min_length=1)]
Groups = Annotated[tuple[Members, ...], Field(min_length=1)]


@dataclass(frozen=True, config=SPEC, kw_only=True)
class PopulationReading(GroupReading):
    """Mean, over the neurons of a group, of their readings."""

    kind: Literal["population"] = "population"
    groups: Annotated[dict[str, Groups], Field(min_length=1), AfterValidator(FrozenTable)]
    """Neurons of each group, by layer: ``{fc1: [[0, 1, 2], [3, 4]]}``."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for layer, groups in self.groups.items():
            for group in groups:
                if len(set(group)) < len(group):
                    raise ValueError(
                        f"group {list(group)} of layer {layer!r} names a neuron twice: name each once."
                    )
        return self

    @property
    def members(self) -> Mapping[str, Groups]:
        """See ``GroupReading``."""
        return self.groups

    def merge(self, responses: Columns) -> Columns:
        """Mean; neurons are added in order, so that no layout of memory changes a bit."""
        total = np.zeros(len(responses))
        for place in range(responses.shape[1]):
            total += responses[:, place]
        return (total / responses.shape[1]).astype(np.float32)

    def unit(self, unit: Unit, groups: Sequence[tuple[int, ...]]) -> Unit:
        """Of the neurons', a spike divided by the largest group."""
        quantum = None if unit.quantum is None else unit.quantum / max(map(len, groups))
        return dataclasses.replace(
            unit, name=f"{unit.name}, mean of a group", quantum=quantum, relative=False
        )
