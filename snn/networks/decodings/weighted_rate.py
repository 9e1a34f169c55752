"""Spike counts of the output neurons, late spikes weighing more."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.networks.decodings.base import DecodingSpec
from spikeatlas.snn.neurons import NeuronSpec
from spikeatlas.snn.registry import SPEC

_ROUNDED = 1e-4
"""Difference of a weight that a study writes with few digits."""


@dataclass(frozen=True, config=SPEC)
class WeightedRateDecoding(DecodingSpec):
    """Weighted spike counts T sum_t w_t s_t, as leaky neurons' spikes represent a number (Meng et al. 2022, arXiv 2205.00459).

    w_t is proportional to exp(-(T - t) dt / tau), of sum 1; without decay the score is the spike count.
    """

    kind: Literal["weighted-rate"] = "weighted-rate"
    tau: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """Time constant of the weights (> 0), in the unit of ``dt``."""
    dt: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.05
    """Length of a time step (> 0)."""

    def problems(self, neuron: NeuronSpec, time_steps: int) -> list[str]:
        """See ``DecodingSpec``: the weights are those by which the neurons represent a number."""
        del time_steps
        share, weight = neuron.representation_leak, math.exp(-self.dt / self.tau)
        if not neuron.represents or abs(weight - share) <= _ROUNDED:
            return []
        remedy = (
            "choose rate" if share == 1 else f"set tau to 1 and dt to {-math.log(share):.6g}, say"
        )
        problem = (
            f"weighted-rate weighs a spike by {weight:.3g} of the next step's, but {neuron.kind} neurons represent numbers by "
            f"spikes that weigh {share:.3g} of it; {remedy}"
        )
        return [problem]

    def scores(self, spikes: Tensor) -> Tensor:
        """Weighted counts (n, classes), 0 to T."""
        age = torch.arange(len(spikes) - 1, -1, -1, dtype=spikes.dtype, device=spikes.device)
        weights = torch.softmax(-age * (self.dt / self.tau), 0)
        return len(spikes) * torch.tensordot(weights, spikes, 1)
