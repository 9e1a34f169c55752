"""Observations as spikes of populations, each neuron of which prefers a value."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spikeatlas.snn.neurons import StraightThrough

SPAN = 3.0
"""The first centres lie evenly from -SPAN to SPAN, the ends of every observation."""
VARIANCE = 0.15
"""Square of the first widths."""
THRESHOLD = 0.999

_SURROGATE = StraightThrough()


class PopulationCoder(nn.Module):
    """Gaussian receptive fields, centres and widths learned, whose activity charges neurons (Chen et al. 2024).

    Neuron j of observation i is driven by ``A = exp(-(x_i - centre_ij)^2 / (2 width_ij^2))``, in (0, 1]; each step
    ``v += A; spike = [v > 0.999]; v -= 0.999 spike``: nothing is drawn. A spike's gradient is handed on as it is.
    ``centres``, ``widths`` (observations, size).
    """

    def __init__(self, observations: int, size: int) -> None:
        super().__init__()
        centres = torch.linspace(-SPAN, SPAN, size) if size > 1 else torch.zeros(1)
        self.centres = nn.Parameter(centres.repeat(observations, 1))
        self.widths = nn.Parameter(torch.full((observations, size), VARIANCE**0.5))

    def activities(self, values: Tensor) -> Tensor:
        """Activities (n, observations * size) of values (n, observations), population after population."""
        distance = (values[..., None] - self.centres) / self.widths
        return torch.exp(-distance.square() / 2).flatten(1)

    def forward(self, values: Tensor, time_steps: int) -> Tensor:
        """Spikes (T, n, observations * size) of values (n, observations)."""
        activities = self.activities(values)
        charge, spikes = torch.zeros_like(activities), []
        for _ in range(time_steps):
            charge = charge + activities
            row = _SURROGATE.fire(charge - THRESHOLD)
            charge = charge - THRESHOLD * row
            spikes.append(row)
        return torch.stack(spikes)
