"""Spike counts of the output neurons."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.networks.decodings.base import DecodingSpec, alike_problems
from spikeatlas.snn.neurons import NeuronSpec
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class RateDecoding(DecodingSpec):
    """Spikes of each output neuron over all time steps."""

    kind: Literal["rate"] = "rate"

    def problems(self, neuron: NeuronSpec, time_steps: int) -> list[str]:
        """See ``DecodingSpec``: spikes that weigh more the later they come are not to be counted alike."""
        del time_steps
        return alike_problems(self.kind, neuron)

    def scores(self, spikes: Tensor) -> Tensor:
        """Spike counts (n, classes)."""
        return spikes.sum(0)
