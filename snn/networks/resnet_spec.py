"""Specification of a spiking residual network in a study."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from torch import nn

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks.base import Architecture, NetworkSite, Shape, TimeSteps, Width
from spikeatlas.snn.networks.decodings import DecodingSpec, MeanDecoding
from spikeatlas.snn.networks.layer import convolution, linear
from spikeatlas.snn.networks.residual_block import ResidualBlock
from spikeatlas.snn.networks.resnet import SpikingResNet, Stem
from spikeatlas.snn.networks.spec import Decay, Threshold
from spikeatlas.snn.neurons import LifSpec, NeuronSite, NeuronSpec, Reset, SpikingNeuron
from spikeatlas.snn.registry import SPEC

LIF: NeuronSpec = LifSpec()
MEAN: DecodingSpec = MeanDecoding()


@dataclass(frozen=True, config=SPEC)
class ResNetArchitecture(Architecture):
    """A spiking residual network: by default the paper's ResNet-18, its blocks of two 3x3 convolutions."""

    blocks: Annotated[tuple[Width, ...], Field(min_length=1)] = (2, 2, 2, 2)
    """Blocks of each stage layer1, layer2, ... (each >= 1); from layer2 on a stage halves the map."""
    width: Width = 64
    """Channels of the first stage (>= 1); each further stage has twice as many."""
    stem: Literal["imagenet", "cifar"] = "imagenet"
    """``imagenet``: a 7x7 convolution with stride 2, its spikes max-pooled 3x3 with stride 2; ``cifar``: a 3x3
    convolution that keeps the map."""
    time_steps: TimeSteps = 20
    """Simulated time steps per image (>= 1)."""
    neuron: NeuronSpec = LIF
    """Neurons of all layers: lif, as in the paper."""
    threshold: Threshold = 1.0
    """Membrane threshold (> 0)."""
    reset: Reset = "zero"
    """Membrane after a spike: zero as in the paper, or less its threshold (subtract)."""
    beta: Decay = 0.9
    """Membrane decay per time step, in [0, 1], of neurons that have it: leaky."""
    coding: Coding = "current"
    """An image enters as a constant current, or as Poisson spike trains at its pixels' rates."""
    decoding: DecodingSpec = MEAN
    """Reading of the outputs, which are no spikes: mean, over the time steps."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = [f"neuron: {problem}" for problem in self.neuron.problems(self.time_steps)]
        if not self.decoding.plain:
            problems.append(
                f"decoding: {self.decoding.kind} has output neurons or weights of its own, but a resnet is read by its "
                "linear layer fc; choose mean, rate or weighted-rate, or a network of kind chain"
            )
        reading = self.decoding.problems(self.neuron, self.time_steps)
        problems += [f"decoding: {problem}" for problem in reading]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def methods(self) -> tuple[str, ...]:
        """See ``Architecture``."""
        return self.neuron.methods

    def build(self, site: NetworkSite) -> SpikingResNet:
        """See ``Architecture``."""
        with torch.random.fork_rng(devices=[]):
            # for what neurons may draw as they are built
            torch.manual_seed(site.seed)
            network = self._assembled(site)
        generator = torch.Generator().manual_seed(site.seed)
        for module in network.modules():
            _initialise(module, generator)
        return network

    def _assembled(self, site: NetworkSite) -> SpikingResNet:
        neurons = self._neurons(site)
        side, stride = (7, 2) if self.stem == "imagenet" else (3, 1)
        operator = convolution(site.input_shape[0], self.width, side, stride=stride, bias=False)
        pool = self.stem == "imagenet"
        widths = [self.width * 2**stage for stage in range(len(self.blocks))]
        stages, before = [], self.width
        for number, (depth, width) in enumerate(zip(self.blocks, widths, strict=True), 1):
            names = [f"layer{number}.{block}" for block in range(depth)]
            pairs = [(neurons[f"{name}.sn1"], neurons[f"{name}.sn2"]) for name in names]
            stages.append(_stage(before, width, 1 if number == 1 else 2, pairs))
            before = width
        return SpikingResNet(
            Stem(operator, neurons["sn1"], pool),
            stages,
            linear(before, site.classes),
            input_shape=site.input_shape,
            time_steps=self.time_steps,
            coding=self.coding,
            mean=torch.tensor(site.mean, dtype=torch.float32),
            std=torch.tensor(site.std, dtype=torch.float32),
            decoding=self.decoding,
        )

    def _neurons(self, site: NetworkSite) -> dict[str, SpikingNeuron]:
        """Build the neurons of every spiking layer."""
        return {
            name: self.neuron.build(self._neuron_site(name, shape, site))
            for name, shape in self.layer_shapes(site.input_shape).items()
        }

    def _neuron_site(self, name: str, shape: Shape, site: NetworkSite) -> NeuronSite:
        return NeuronSite(
            name, shape, self.time_steps, self.beta, self.threshold, self.reset, site.surrogate
        )

    def layer_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Return the shape (c, h, w) of every spiking layer, shallow to deep, for images (c, h, w)."""
        return dict(self._shapes(shape[1], shape[2]))

    def _shapes(self, height: int, width: int) -> Iterator[tuple[str, Shape]]:
        size = (height, width)
        if self.stem == "imagenet":
            size = _half(size)
        yield "sn1", (self.width, *size)
        for stage, depth in enumerate(self.blocks, 1):
            # the pool of the stem, or the stride of a later stage
            if stage > 1 or self.stem == "imagenet":
                size = _half(size)
            for block in range(depth):
                for layer in ("sn1", "sn2"):
                    yield f"layer{stage}.{block}.{layer}", (self.width * 2 ** (stage - 1), *size)

    def layer_infos(self, shape: Shape, classes: int) -> dict[str, LayerInfo]:
        """See ``Architecture``."""
        blank = [0.0] * shape[0], [1.0] * shape[0]
        with torch.random.fork_rng(devices=[]):
            # of what neurons draw as they are built, nothing is looked at here
            neurons = self._neurons(NetworkSite(shape, classes, *blank, seed=0))
        infos = {}
        for name, (channels, *size) in self.layer_shapes(shape).items():
            unit = neurons[name].unit(self.time_steps, tuple(size))
            infos[name] = LayerInfo(channels, tuple(size), unit)
        return infos


def _stage(
    inputs: int,
    outputs: int,
    stride: int,
    neurons: list[tuple[SpikingNeuron, SpikingNeuron]],
) -> list[ResidualBlock]:
    """Return the blocks of a stage, a pair of neurons each; the first changes the shape."""
    first = ResidualBlock(inputs, outputs, stride=stride, neurons=neurons[0])
    rest = [ResidualBlock(outputs, outputs, stride=1, neurons=pair) for pair in neurons[1:]]
    return [first, *rest]


def _half(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a map after a convolution or pool with stride 2."""
    return -(-size[0] // 2), -(-size[1] // 2)


def _initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw weights as torchvision's ResNet: convolutions after He et al. 2015 by fan-out, the read-out uniform."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", generator=generator)
    elif isinstance(module, nn.Linear):
        bound = module.in_features**-0.5
        for parameter in module.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
