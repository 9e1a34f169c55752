"""Networks as users write them with SpikingJelly: factories for tests; the library is imported when they are called."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn


def library() -> Any:
    """SpikingJelly's modules, which warn while they are imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from spikingjelly.activation_based import functional, layer, monitor, neuron
        from spikingjelly.activation_based.model import spiking_resnet
    return {
        "functional": functional,
        "layer": layer,
        "monitor": monitor,
        "neuron": neuron,
        "spiking_resnet": spiking_resnet,
    }


def cifar(mode: str = "s", channels: int = 4) -> nn.Module:
    """Net C: the shape of SpikingJelly's CIFAR10Net on 8x8 images, with Dropout and VotingLayer."""
    sj = library()
    layer, neuron = sj["layer"], sj["neuron"]

    def lif() -> nn.Module:
        return neuron.LIFNode(v_threshold=0.05)

    parts: list[nn.Module] = []
    for inputs in (3, channels):
        for width in (inputs, channels):
            parts += [
                layer.Conv2d(width, channels, 3, padding=1, bias=False),
                layer.BatchNorm2d(channels),
                lif(),
            ]
        parts.append(layer.MaxPool2d(2, 2))
    parts += [
        layer.Flatten(), layer.Dropout(0.5), layer.Linear(channels * 4, 32), lif(),
        layer.Dropout(0.5), layer.Linear(32, 100), lif(), layer.VotingLayer(10),
    ]  # fmt: skip
    net = nn.Sequential(*parts)
    sj["functional"].set_step_mode(net, mode)
    return net


def resnet18(mode: str = "s", threshold: float = 0.2) -> nn.Module:
    """Net D: SpikingJelly's own spiking ResNet-18."""
    sj = library()
    neuron, functional = sj["neuron"], sj["functional"]
    net: nn.Module = sj["spiking_resnet"].SpikingResNet(
        sj["spiking_resnet"].BasicBlock,
        [2, 2, 2, 2],
        num_classes=10,
        spiking_neuron=neuron.LIFNode,
        v_threshold=threshold,
        detach_reset=True,
    )
    functional.set_step_mode(net, mode)
    return net


@torch.no_grad()
def monitored(net: nn.Module, inputs: Tensor, calls: int) -> dict[str, Tensor]:
    """Spikes (T, n, ...) of all neurons by the library's own monitor, after the library's own reset.

    ``calls``: of the network with ``inputs``; one is taken to be all frames of a showing.
    """
    sj = library()
    sj["functional"].reset_net(net)
    monitor = sj["monitor"].OutputMonitor(net, sj["neuron"].LIFNode)
    for _ in range(calls):
        net(inputs)
    records = {
        name: torch.stack(monitor[name]) if calls > 1 else monitor[name][0]
        for name in monitor.monitored_layers
    }
    monitor.remove_hooks()
    sj["functional"].reset_net(net)
    return records
