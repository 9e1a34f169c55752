"""Spike counts of the output neurons."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.networks.decodings.base import DecodingSpec
from spikeatlas.snn.neurons import DsrLifSpec, NeuronSpec
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class RateDecoding(DecodingSpec):
    """Spikes of each output neuron over all time steps."""

    kind: Literal["rate"] = "rate"

    def problems(self, neuron: NeuronSpec, time_steps: int) -> list[str]:
        """See ``DecodingSpec``: spikes that weigh more the later they come are not to be counted alike."""
        del time_steps
        if not isinstance(neuron, DsrLifSpec):
            return []
        problem = (
            "dsr-lif neurons represent a number by weighted spikes, which rate counts alike; set network.decoding to "
            f"{{kind: weighted-rate, tau: {neuron.tau:g}, dt: {neuron.dt:g}}}"
        )
        return [problem]

    def scores(self, spikes: Tensor) -> Tensor:
        """Spike counts (n, classes)."""
        return spikes.sum(0)
