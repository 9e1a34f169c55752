"""The faster way of a residual network: its graph, layer by layer, held once against torch's own layers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from spikeatlas.snn.graph import FastWay, fast_way
from spikeatlas.snn.networks import ResidualBlock, SpikingResNet
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.subjects.residual.resnet_folds import fold_layers

_IMAGES = 4
"""Images of noise that a way is held against."""


class ResNetStep(nn.Module):
    """One time step of a residual network, to be traced: neurons are called with the currents (n, ...) of one step."""

    def __init__(self, network: SpikingResNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Spikes (n, c, h, w) of the last layer."""
        network = self.network
        spikes: Tensor = network.sn1(network.bn1(network.conv1(images)))
        if network.maxpool is not None:
            spikes = network.maxpool(spikes)
        for block in network.blocks.values():
            spikes = _through(block, spikes)
        return spikes


def _through(block: ResidualBlock, signal: Tensor) -> Tensor:
    spikes = block.sn1(block.bn1(block.conv1(signal)))
    currents = block.bn2(block.conv2(spikes))
    shortcut = signal if block.downsample is None else block.downsample(signal)
    last: Tensor = block.sn2(currents + shortcut)
    return last


def layered_way(network: SpikingResNet) -> FastWay | str:
    """Return the faster way to a network's spike rates, or why there is none, in one line.

    ``network``: in evaluation.
    """
    places = {name: (f"network.{name}", 1) for name in network.layers}
    images = _noise(network)
    way = fast_way(
        ResNetStep(network),
        places,
        drive="steps",
        time_steps=network.time_steps,
        example=images[:2],
        mean=network.mean.tolist(),
        std=network.std.tolist(),
    )
    return way if isinstance(way, str) else _proven(way, network, images)


def _noise(network: SpikingResNet) -> Tensor:
    """Normalised images (n, c, h, w), always the same."""
    draw = np.random.default_rng(0).integers
    images = draw(0, 256, (_IMAGES, *network.input_shape), dtype=np.uint8)
    return network.normalise(torch.from_numpy(images))


def _proven(way: FastWay, network: SpikingResNet, images: Tensor) -> FastWay | str:
    """Return a way that gives the same rates to images as torch's own layers, or the layer in which it does not."""
    values = fold_layers(network, images[None], network.layers)
    neurons = {name: range(folded.shape[1]) for name, folded in values.items()}
    rates = way.counts(images, network.layers, neurons)
    for name, folded in values.items():
        if not np.array_equal(rates[name], RATE.responses(folded, network.time_steps)):
            return f"the faster way gives other spikes in {name}"
    return way
