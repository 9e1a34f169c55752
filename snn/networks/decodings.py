"""Decodings: how a network's output is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.registry import SPEC, Contract, Family


@dataclass(frozen=True, config=SPEC)
class DecodingSpec(Contract, ABC):
    """A reading of output spikes, as a study names it; a member adds its fields."""

    kind: str

    @abstractmethod
    def scores(self, spikes: Tensor) -> Tensor:
        """Scores (n, classes), the largest for the class that is read, of output spikes (T, n, classes).

        Spikes count in units of their height. The loss is the scores' cross-entropy.
        """


@dataclass(frozen=True, config=SPEC)
class RateDecoding(DecodingSpec):
    """Spikes of each output neuron over all time steps."""

    kind: Literal["rate"] = "rate"

    def scores(self, spikes: Tensor) -> Tensor:
        """Spike counts (n, classes)."""
        return spikes.sum(0)


@dataclass(frozen=True, config=SPEC)
class MeanDecoding(DecodingSpec):
    """Mean of each output over all time steps; for outputs that are no spikes, as a linear read-out's."""

    kind: Literal["mean"] = "mean"

    def scores(self, spikes: Tensor) -> Tensor:
        """Mean outputs (n, classes)."""
        return spikes.mean(0)


DECODINGS: Family[DecodingSpec] = Family(
    "decoding",
    DecodingSpec,  # type: ignore[type-abstract]
    {"rate": RateDecoding, "mean": MeanDecoding},
)
"""``network.decoding`` of a study."""
