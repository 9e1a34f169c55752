"""Spikes of a residual network, folded over time: layer by layer, and by the plain loop."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spikeatlas.snn.networks import SpikingResNet
from spikeatlas.snn.readings import RATE, TrainReading


@torch.no_grad()
def fold_layers(
    network: SpikingResNet, inputs: Tensor, layers: Sequence[str], reading: TrainReading = RATE
) -> dict[str, Tensor]:
    """Spikes (n, c, h, w) of some layers, folded over all time steps, each layer over the whole sequence.

    ``inputs``: encoded images (T, n, c, h, w), or (1, n, c, h, w) if constant. A spike counts 1 or -1, whatever
    its height. ``reading``: what to fold the spikes to, if not to counts.
    """
    return {
        name: reading.fold(None, network.neurons(name).relative(spikes), 0)
        for name, spikes in network.capture(inputs, network.upto(layers))
        if name in layers
    }


@torch.no_grad()
def fold_steps(
    network: SpikingResNet, inputs: Tensor, layers: Sequence[str], reading: TrainReading = RATE
) -> dict[str, Tensor]:
    """Do what ``fold_layers`` does by the plain loop over the steps."""
    values: dict[str, Tensor] = {}
    for step, row in enumerate(network.steps(inputs, network.upto(layers))):
        for name in layers:
            spikes = network.neurons(name).relative(row[name])[None]
            values[name] = reading.fold(values.get(name), spikes, step)
    return values
