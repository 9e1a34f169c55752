"""Networks of other libraries, small and untrained but firing, and their own loops over time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from spikeatlas.snn.neurons import is_neuron

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from spikingjelly.activation_based import functional, layer, neuron, surrogate
    from spikingjelly.activation_based.model import (
        parametric_lif_net,
        sew_resnet,
        spiking_resnet,
        spiking_vgg,
    )

TIME_STEPS = 4
DIVISOR = 8
"""By which the libraries' widths are divided."""


def shrink(module: nn.Module) -> None:
    """Divide the channels of a network of SpikingJelly."""
    for name, part in module.named_children():
        narrow = _narrow(part)
        if narrow is None:
            shrink(part)
        else:
            setattr(module, name, narrow)


def _less(channels: int) -> int:
    return channels if channels <= 10 else channels // DIVISOR


def _narrow(part: nn.Module) -> nn.Module | None:
    if isinstance(part, nn.Conv2d):
        channels, bias = (_less(part.in_channels), _less(part.out_channels)), part.bias is not None
        return layer.Conv2d(*channels, part.kernel_size, part.stride, part.padding, bias=bias)
    if isinstance(part, nn.BatchNorm2d):
        return layer.BatchNorm2d(_less(part.num_features))
    if isinstance(part, nn.Linear):
        return layer.Linear(_less(part.in_features), _less(part.out_features))
    return None


@torch.no_grad()
def settle(net: nn.Module) -> nn.Module:
    """Give a network's normalisations statistics and weights with which all layers fire, and set it to evaluation."""
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.weight.uniform_(1, 3)
            part.bias.uniform_(0, 0.6)
        elif isinstance(part, nn.Linear):
            part.weight.mul_(12)
    net.train()
    for _ in range(20):
        functional.reset_net(net)
        net(torch.randn(8, 3, 32, 32))
    functional.reset_net(net)
    return net.eval()


def spiking_jelly(name: str) -> nn.Module:
    """Return one of SpikingJelly's networks by name, for images (3, 32, 32), in single steps."""
    torch.manual_seed(5)
    net = JELLY[name]()
    if name != "CIFAR10Net":
        shrink(net)
    return settle(net)


def _cifar() -> nn.Module:
    return parametric_lif_net.CIFAR10Net(
        6, neuron.ParametricLIFNode, init_tau=2.0, surrogate_function=surrogate.ATan()
    )


def _plain(build: Callable[..., nn.Module], **options: Any) -> Callable[[], nn.Module]:
    fields = {"pretrained": False, "surrogate_function": surrogate.ATan()}
    return lambda: build(spiking_neuron=neuron.LIFNode, **fields, **options)


JELLY: dict[str, Callable[[], nn.Module]] = {
    "spiking_resnet18": _plain(spiking_resnet.spiking_resnet18),
    "sew_resnet18": _plain(sew_resnet.sew_resnet18, cnf="ADD"),
    "spiking_vgg11_bn": _plain(spiking_vgg.spiking_vgg11_bn),
    "CIFAR10Net": _cifar,
}


def neuron_names(net: nn.Module) -> list[str]:
    """Paths of all neurons, in the order of their making."""
    return [name for name, part in net.named_modules() if is_neuron(part)]


@torch.no_grad()
def recorded(
    net: nn.Module, names: Sequence[str], run: Callable[[], Any], time_steps: int
) -> dict[str, np.ndarray[Any, Any]]:
    """Rates (n, channels) of neurons, summed up by hooks while ``run`` shows the network its images."""
    sums: dict[str, Tensor] = {}

    def hook(name: str) -> Callable[..., None]:
        def add(_: nn.Module, __: Any, output: Any) -> None:
            spikes = output[0] if isinstance(output, tuple) else output
            sums[name] = spikes + sums[name] if name in sums else spikes

        return add

    handles = [net.get_submodule(name).register_forward_hook(hook(name)) for name in names]
    run()
    for handle in handles:
        handle.remove()
    return {name: _rates(value, time_steps) for name, value in sums.items()}


def _rates(counts: Tensor, time_steps: int) -> np.ndarray[Any, Any]:
    maps = counts.double().reshape(*counts.shape[:2], -1)
    rates: np.ndarray[Any, Any] = maps.sum(2).numpy() / (time_steps * maps.shape[2])
    return rates


def steps(net: nn.Module, images: Tensor, time_steps: int) -> Callable[[], None]:
    """Return SpikingJelly's loop: the network is called once a step."""

    def run() -> None:
        functional.reset_net(net)
        for _ in range(time_steps):
            net(images)
        functional.reset_net(net)

    return run


class Repeating(nn.Module):
    """A network of SpikingJelly that makes a sequence of its image, and takes the mean of its answers."""

    def __init__(self, net: nn.Module, time_steps: int) -> None:
        super().__init__()
        self.net, self.time_steps = net, time_steps

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.unsqueeze(0).repeat(self.time_steps, 1, 1, 1, 1)).mean(0)


def take_sequences(net: nn.Module) -> None:
    """Set a network of SpikingJelly to whole sequences."""
    functional.set_step_mode(net, "m")
