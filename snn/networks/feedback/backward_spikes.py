"""The gradient at an equilibrium by spikes: the network runs backwards, with spikes of both signs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from spikeatlas.snn.networks.feedback.settling_neuron import FALL

BACKWARD_THRESHOLD = 0.5
"""V_b: a unit spikes backward when its membrane is so far from 0."""


def backward_trains(feedback: Tensor, live: Tensor, slopes: Tensor, steps: int) -> Iterator[Tensor]:
    """Yield the spikes (n, units), -1, 0 or 1, of each of ``steps`` steps backward.

    u += (1/c) W^T (m s_prev) + g; s = 1[u >= V_b] - 1[u <= -V_b]; u -= s. Arguments as ``Adjoint``'s. (Xiao et al. 2023,
    arXiv 2302.00232.)
    """
    membrane, spikes = torch.zeros_like(slopes), torch.zeros_like(slopes)
    for _ in range(steps):
        membrane += (live * spikes) @ feedback / FALL + slopes
        above, below = membrane >= BACKWARD_THRESHOLD, membrane <= -BACKWARD_THRESHOLD
        spikes = above.to(slopes.dtype) - below.to(slopes.dtype)
        membrane -= spikes
        yield spikes


@dataclass
class BackwardActivity:
    """Sums over the spikes backward of some batches."""

    spikes: int = 0
    saturated: int = 0
    """Units, of one image each, that spiked at every step."""
    units: int = 0
    """Units of all images."""
    steps: int = 1
    """Steps of each batch."""

    @property
    def firing(self) -> float:
        """Share of units and steps with a spike, 0 to 1; 0 without batches."""
        return self.spikes / (self.units * self.steps) if self.units else 0.0

    @property
    def saturation(self) -> float:
        """Share of units that spiked at every step, so that more is asked of them than they can say, 0 to 1."""
        return self.saturated / self.units if self.units else 0.0


class SpikingAdjoint:
    """An ``Adjoint`` by spikes: beta is the mean of ``steps`` of them, and no farther from 0 than 1."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.activity = BackwardActivity(steps=steps)
        """Of all calls since it was set anew."""

    def __call__(self, feedback: Tensor, live: Tensor, slopes: Tensor) -> Tensor:
        """See ``Adjoint``."""
        total, counts = torch.zeros_like(slopes), torch.zeros_like(slopes)
        for spikes in backward_trains(feedback, live, slopes, self.steps):
            total += spikes
            counts += spikes.abs()
        self.activity.spikes += int(counts.sum(dtype=torch.float64))
        self.activity.saturated += int((counts == self.steps).sum())
        self.activity.units += slopes.numel()
        return total / self.steps
