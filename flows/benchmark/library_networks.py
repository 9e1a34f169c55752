"""Networks of other libraries that the speed of a user's own module is measured on, untrained but firing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import snntorch
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

STATES = 4
"""Different decays in a layer."""
_RATES = (0.15, 0.1, 0.1, 0.1)
"""Spikes a step of the layers that are fitted."""


class TutorialNet(nn.Module):
    """Conv 3-64 k5, pool, conv 64-64 k5, pool, linear 100, linear 10, as snnTorch's tutorials write it.

    Its decays differ by channel, its resets by layer; the loop over time is in its forward.
    """

    def __init__(self, time_steps: int, generator: torch.Generator) -> None:
        super().__init__()
        self.time_steps = time_steps
        self.conv1, self.conv2 = nn.Conv2d(3, 64, 5, padding=2), nn.Conv2d(64, 64, 5, padding=2)
        self.fc1, self.fc2 = nn.Linear(64 * 8 * 8, 100), nn.Linear(100, 10)
        sizes: tuple[tuple[int, ...], ...] = ((64, 1, 1), (64, 1, 1), (100,), (10,))
        for number, size in enumerate(sizes, 1):
            beta = 0.6 + 0.1 * torch.randint(0, STATES, size, generator=generator)
            reset = "zero" if number % 2 == 0 else "subtract"
            setattr(self, f"lif{number}", snntorch.Leaky(beta=beta, reset_mechanism=reset))

    def forward(self, x: Tensor) -> Tensor:
        """Output spikes (T, n, 10) of normalised images (n, 3, 32, 32)."""
        lif1, lif2, lif3, lif4 = (getattr(self, f"lif{number}") for number in (1, 2, 3, 4))
        mem1, mem2, mem3, mem4 = (lif.init_leaky() for lif in (lif1, lif2, lif3, lif4))
        record = []
        for _ in range(self.time_steps):
            spikes, mem1 = lif1(F.max_pool2d(self.conv1(x), 2), mem1)
            spikes, mem2 = lif2(F.max_pool2d(self.conv2(spikes), 2), mem2)
            spikes, mem3 = lif3(self.fc1(spikes.view(x.size(0), -1)), mem3)
            spikes, mem4 = lif4(self.fc2(spikes), mem4)
            record.append(spikes)
        return torch.stack(record)


@torch.no_grad()
def tutorial_net(images: Tensor, time_steps: int, seed: int) -> TutorialNet:
    """Build it, and scale its operators so that it fires like a trained one on normalised images (n, 3, 32, 32)."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = TutorialNet(time_steps, generator).eval()
    for number, (name, rate) in enumerate(
        zip(("conv1", "conv2", "fc1", "fc2"), _RATES, strict=True), 1
    ):
        _fit(net, getattr(net, name), f"lif{number}", images, rate)
    return net


def _fit(net: nn.Module, operator: Any, layer: str, images: Tensor, rate: float) -> None:
    """Scale an operator until its layer fires so often, by halving the range of the scale."""
    low, high, scale = 0.0, 64.0, 1.0
    for _ in range(10):
        factor = (low + high) / 2 / scale
        operator.weight *= factor
        operator.bias *= factor
        scale *= factor
        low, high = (low, scale) if _rate(net, layer, images) > rate else (scale, high)


def _rate(net: nn.Module, layer: str, images: Tensor) -> float:
    spikes: list[Tensor] = []
    handle = net.get_submodule(layer).register_forward_hook(
        lambda _, __, output: spikes.append(output[0].mean())
    )
    net(images)
    handle.remove()
    return float(torch.stack(spikes).mean())


def jelly_resnet(width: int, *, stem: int, images: Tensor, seed: int) -> nn.Module:
    """Build SpikingJelly's spiking ResNet-18 (LIF, tau 2) of a width (64 is whole) in single steps.

    ``stem``: 7, with a pool, as for ImageNet, or 3, as for CIFAR. The statistics of its normalisations are those of
    ``images``, float32 (n, 3, 32, 32). ModuleNotFoundError, one sentence, without SpikingJelly.
    """
    try:
        from spikingjelly.activation_based import (  # noqa: PLC0415 - an extra
            functional,
            neuron,
            surrogate,
        )
        from spikingjelly.activation_based.model import (  # noqa: PLC0415 - an extra
            spiking_resnet,
        )
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "SpikingJelly is not installed, whose ResNet-18 this compares with: pip install 'spikeatlas[spikingjelly]'."
        ) from error
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net: Any = spiking_resnet.spiking_resnet18(
            pretrained=False,
            spiking_neuron=neuron.LIFNode,
            surrogate_function=surrogate.ATan(),
        )
        _narrow(net, width)
        if stem == 3:
            net.conv1, net.maxpool = _convolution(net.conv1, 3, width, 3), nn.Identity()
        _settle(net, images, lambda: functional.reset_net(net))
    result: nn.Module = net.eval()
    return result


def _narrow(module: nn.Module, width: int) -> None:
    """Divide all channels but the three of images by 64 / width."""
    for name, part in module.named_children():
        if isinstance(part, nn.Conv2d):
            sizes = [_less(size, width) for size in (part.in_channels, part.out_channels)]
            setattr(module, name, _convolution(part, *sizes))
        elif isinstance(part, nn.BatchNorm2d):
            setattr(module, name, type(part)(_less(part.num_features, width)))
        elif isinstance(part, nn.Linear):
            setattr(module, name, type(part)(_less(part.in_features, width), 10))
        else:
            _narrow(part, width)


def _less(channels: int, width: int) -> int:
    return channels if channels == 3 else channels * width // 64


def _convolution(
    part: nn.Conv2d, inputs: int, outputs: int, kernel: int | None = None
) -> nn.Module:
    """Make a convolution like another one, of other sizes."""
    size: Any = part.kernel_size if kernel is None else kernel
    stride: Any = part.stride if kernel is None else 1
    padding: Any = part.padding if kernel is None else kernel // 2
    return type(part)(inputs, outputs, size, stride, padding, bias=False)


@torch.no_grad()
def _settle(net: nn.Module, images: Tensor, reset: Any) -> None:
    """Set the statistics of normalisations by some steps in training mode, and gains with which deep layers fire."""
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.weight.uniform_(1, 3)
            part.bias.uniform_(0, 0.6)
    net.train()
    for start in range(0, len(images), 16):
        reset()
        for _ in range(3):
            net(images[start : start + 16])
    reset()


def neuron_paths(net: nn.Module, kinds: Sequence[str] = ("LIFNode", "Leaky")) -> list[str]:
    """Paths of the neurons of a network, shallow to deep."""
    return [name for name, part in net.named_modules() if type(part).__name__ in kinds]
