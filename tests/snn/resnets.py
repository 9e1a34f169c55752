"""Small residual networks for tests, and SpikingJelly's of the same shape."""

from __future__ import annotations

from typing import Any

import torch
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from spikingjelly.activation_based.model import spiking_resnet
from torch import Tensor, nn

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import NetworkSite, ResNetArchitecture, SpikingResNet
from spikeatlas.snn.neurons import SURROGATES
from tests.snn.nets import noise_images

NAMES = [
    "sn1",
    *(f"layer{stage}.{block}.sn{k}" for stage in (1, 2, 3, 4) for block in (0, 1) for k in (1, 2)),
]
"""As the paper calls them."""
SHAPE = (3, 16, 16)


def resnet(
    *, shape: tuple[int, int, int] = SHAPE, lively: bool = True, **fields: Any
) -> SpikingResNet:
    """A tiny network in evaluation; ``lively``: with statistics under which all layers spike."""
    architecture = ResNetArchitecture(**{"width": 4, "time_steps": 5, **fields})
    blank = shape[0]
    site = NetworkSite(
        shape, 10, [0.5] * blank, [0.3] * blank, seed=0, surrogate=SURROGATES.read("atan")
    )
    network = architecture.build(site)
    if lively:
        enliven(network)
    return network.eval()


@torch.no_grad()
def enliven(network: nn.Module, seed: int = 0) -> None:
    """Set batch norms as if trained: currents of every layer vary around a half of the threshold."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values, low, high in (
                (module.running_mean, -0.1, 0.1),
                (module.running_var, 0.02, 0.1),
                (module.weight, 0.8, 1.2),
                (module.bias, 0.1, 0.7),
            ):
                assert values is not None
                values.uniform_(low, high, generator=generator)


def inputs(network: SpikingResNet, count: int = 4, seed: int = 0) -> Tensor:
    images = noise_images(count, network.input_shape, seed=seed)
    return encode(network, images, CodingKey(0, "", "test"))


def jelly(width: int, stem: str, **fields: Any) -> nn.Module:
    """SpikingJelly's spiking ResNet-18 of another width and stem, over whole sequences."""

    class Narrow(spiking_resnet.SpikingResNet):
        def _make_layer(self, block: Any, planes: int, *arguments: Any, **options: Any) -> Any:
            if planes == 64:
                self.inplanes = width
            return super()._make_layer(block, planes * width // 64, *arguments, **options)

    def made(**_: Any) -> Any:
        return neuron.LIFNode(**fields)

    net = Narrow(spiking_resnet.BasicBlock, [2, 2, 2, 2], num_classes=10, spiking_neuron=made)
    side, stride = (7, 2) if stem == "imagenet" else (3, 1)
    net.conv1 = layer.Conv2d(3, width, side, stride=stride, padding=side // 2, bias=False)
    net.bn1 = layer.BatchNorm2d(width)
    if stem == "cifar":
        net.maxpool = nn.Identity()
        net.maxpool.step_mode = "m"
    net.fc = layer.Linear(8 * width, 10)
    functional.set_step_mode(net, "m")
    return net


def recorded(net: Any, images: Tensor) -> dict[str, Tensor]:
    """Spikes of every layer of a module whose layers are named as ours."""
    spikes: dict[str, Tensor] = {}
    for name in NAMES:
        net.get_submodule(name).register_forward_hook(
            lambda _, __, output, name=name: spikes.update({name: output.clone()})
        )
    spikes["outputs"] = net(images)
    return spikes


def lif_of_theirs() -> dict[str, Any]:
    return {"surrogate_function": surrogate.ATan(), "detach_reset": True}
