"""A chain of ours written as a user would with snnTorch, around the same weights."""

from __future__ import annotations

import snntorch
import torch
from torch import Tensor, nn

from spikeatlas.snn.networks import SpikingNetwork
from tests.snn.nets import network


class Twin(nn.Module):
    """The loop over time of a chain, with snnTorch's own neurons."""

    def __init__(self, chain: SpikingNetwork) -> None:
        super().__init__()
        self.time_steps = chain.time_steps
        self.operators = nn.ModuleList(layer.operator for layer in chain)
        self.pools = nn.ModuleList(
            nn.Identity() if layer.pool is None else layer.pool for layer in chain
        )
        self.flattens = [layer.flatten for layer in chain]
        self.lifs = nn.ModuleList(
            snntorch.Leaky(beta=layer.neuron.beta, threshold=layer.neuron.threshold)
            for layer in chain
        )

    def forward(self, images: Tensor) -> Tensor:
        membranes = [lif.get_buffer("mem") for lif in self.lifs]
        record = []
        for _ in range(self.time_steps):
            spikes = images
            for place, lif in enumerate(self.lifs):
                inputs = spikes.flatten(1) if self.flattens[place] else spikes
                currents = self.pools[place](self.operators[place](inputs))
                spikes, membranes[place] = lif(currents, membranes[place])
            record.append(spikes)
        return torch.stack(record)


def chain() -> SpikingNetwork:
    """Return the chain; its images are normalised with mean 0.3 and std 0.3."""
    return network(channels=(4, 6), hidden=(8,), time_steps=8, threshold=0.5)


def twin() -> Twin:
    return Twin(chain())
