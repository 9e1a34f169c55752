"""Mean outputs over time."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.networks.decodings.base import DecodingSpec, alike_problems
from spikeatlas.snn.neurons import NeuronSpec
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class MeanDecoding(DecodingSpec):
    """Mean of each output over all time steps; for outputs that are no spikes, as a linear read-out's."""

    kind: Literal["mean"] = "mean"

    def problems(self, neuron: NeuronSpec, time_steps: int) -> list[str]:
        """See ``DecodingSpec``: spikes that weigh more the later they come are not to be averaged alike."""
        del time_steps
        return alike_problems(self.kind, neuron)

    def scores(self, spikes: Tensor) -> Tensor:
        """Mean outputs (n, classes)."""
        return spikes.mean(0)
