"""The spiking residual network as torch module."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.networks.base import LayerOutputs, Shape, TrainableNetwork
from spikeatlas.snn.networks.decodings import DecodingSpec
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.networks.layer_depth import layers_upto
from spikeatlas.snn.networks.residual_block import ResidualBlock, normalised_currents
from spikeatlas.snn.neurons import SpikingNeuron, State

Fire = Callable[[str, Tensor], Tensor]
"""Spikes (T, n, ...) of a layer, by its name, under currents (T, n, ...)."""


class Trace(NamedTuple):
    """A presentation on its way, between two spiking layers."""

    signal: Tensor
    """Input (T or 1, n, c, h, w) of the block that is under way, which its shortcut carries on."""
    spikes: Tensor
    """Of the last layer, (T, n, c, h, w); at first the encoded images."""


class Stem(NamedTuple):
    """The modules before the first block."""

    operator: nn.Conv2d
    neurons: SpikingNeuron
    pool: bool
    """True: spikes are pooled, 3x3 with stride 2."""


class SpikingResNet(TrainableNetwork):
    """A spiking residual network (He et al. 2016; Fang et al. 2021, arXiv 2102.04159, section 3.2).

    Its spiking layers are the modules ``sn1``, ``layer1.0.sn1``, ``layer1.0.sn2``, ..., as in SpikingJelly and the
    paper; the other modules are named as in torchvision. ``fc`` reads spikes averaged over positions, at each step.
    """

    conv1: nn.Conv2d
    bn1: nn.BatchNorm2d
    maxpool: nn.MaxPool2d | None
    fc: SteadyLinear

    def __init__(
        self,
        stem: Stem,
        stages: Sequence[Sequence[ResidualBlock]],
        fc: SteadyLinear,
        *,
        input_shape: Shape,
        time_steps: int,
        coding: Coding,
        mean: Tensor,
        std: Tensor,
        decoding: DecodingSpec,
    ) -> None:
        super().__init__(
            input_shape=input_shape, time_steps=time_steps, coding=coding, mean=mean, std=std
        )
        self.conv1 = stem.operator
        self.bn1 = nn.BatchNorm2d(stem.operator.out_channels)
        self.sn1 = stem.neurons
        self.maxpool = nn.MaxPool2d(3, 2, 1) if stem.pool else None
        for number, stage in enumerate(stages, 1):
            self.add_module(f"layer{number}", nn.ModuleList(stage))
        blocks = (
            f"layer{number}.{block}"
            for number, stage in enumerate(stages, 1)
            for block in range(len(stage))
        )
        self.layers = ("sn1", *(f"{block}.{name}" for block in blocks for name in ("sn1", "sn2")))
        """Names of the spiking layers, from the input on."""
        self.fc = fc
        self.decoding = decoding

    @property
    def blocks(self) -> dict[str, ResidualBlock]:
        """Its blocks, shallow to deep: layer1.0, layer1.1, ..."""
        paths = dict.fromkeys(name.rpartition(".")[0] for name in self.layers[1:])
        return {path: cast("ResidualBlock", self.get_submodule(path)) for path in paths}

    def neurons(self, layer: str) -> SpikingNeuron:
        """Return the neurons of a spiking layer."""
        return cast("SpikingNeuron", self.get_submodule(layer))

    @property
    def classes(self) -> int:
        """Outputs."""
        return self.fc.out_features

    def upto(self, layers: Collection[str]) -> int:
        """Return the number of layers from the input to the deepest of ``layers``.

        ValueError for no layer or an unknown one, with the names that are near.
        """
        return layers_upto(layers, self.layers)

    def advance(self, place: int, trace: Trace, fire: Fire) -> Trace:
        """Go on by one spiking layer, number ``place``: 0 is sn1."""
        name = self.layers[place]
        if place == 0:
            currents = normalised_currents(self.conv1, self.bn1, trace.spikes)
            return Trace(trace.spikes, fire(name, currents))
        path, _, layer = name.rpartition(".")
        block = cast("ResidualBlock", self.get_submodule(path))
        if layer == "sn2":
            return Trace(trace.signal, fire(name, block.second(*trace)))
        signal = self._pooled(trace.spikes) if place == 1 else trace.spikes
        return Trace(signal, fire(name, block.first(signal)))

    def _pooled(self, spikes: Tensor) -> Tensor:
        """Spikes (T, n, c, h, w) as they enter the first block."""
        if self.maxpool is None:
            return spikes
        return torch.unflatten(self.maxpool(spikes.flatten(0, 1)), 0, spikes.shape[:2])

    def capture(
        self, inputs: Tensor, depth: int, fire: Fire | None = None
    ) -> Iterator[tuple[str, Tensor]]:
        """Spikes (T, n, c, h, w) of the first ``depth`` layers, one by one, of encoded images (T or 1, n, c, h, w).

        Each layer runs over the whole sequence; the next is computed when it is asked for. ``fire``: other than
        the neurons' own ``run``.
        """
        trace = Trace(inputs, inputs)
        for place in range(depth):
            trace = self.advance(place, trace, fire or self.fire)
            yield self.layers[place], trace.spikes

    def layer_outputs(self, inputs: Tensor) -> LayerOutputs:
        """See ``TrainableNetwork``."""
        spikes = dict(self.capture(inputs, len(self.layers)))
        return LayerOutputs(spikes, self.read_out(spikes[self.layers[-1]]))

    def input_weights(self) -> dict[str, Tensor]:
        """See ``TrainableNetwork``: of the convolution before each, not of the shortcut, before any normalisation."""
        weights = {self.layers[0]: self.conv1.weight}
        for path, block in self.blocks.items():
            weights |= {f"{path}.sn1": block.conv1.weight, f"{path}.sn2": block.conv2.weight}
        return weights

    def fire(self, name: str, currents: Tensor) -> Tensor:
        """Spikes (T, n, ...) of a layer under currents (T or 1, n, ...), in one pass."""
        return self.neurons(name).run(currents, self.time_steps)

    def finish(self, place: int, trace: Trace) -> Tensor:
        """Outputs (T, n, classes) from the spikes that leave the first ``place`` layers."""
        for number in range(place, len(self.layers)):
            trace = self.advance(number, trace, self.fire)
        return self.read_out(trace.spikes)

    def read_out(self, spikes: Tensor) -> Tensor:
        """Outputs (T, n, classes) of the last layer's spikes (T, n, c, h, w)."""
        means = spikes.mean((-2, -1)).flatten(0, 1)
        return torch.unflatten(self.fc(means), 0, spikes.shape[:2])

    def forward(self, inputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``. What stands before sn1 is computed once where the images are constant."""
        return self.finish(0, Trace(inputs, inputs))

    def steps(self, inputs: Tensor, depth: int) -> Iterator[Mapping[str, Tensor]]:
        """Spikes (n, c, h, w) of the first ``depth`` layers, step after step, through all of them: the plain loop.

        In evaluation alone: a norm that learns must see all steps.
        """
        neurons = {name: self.neurons(name).private() for name in self.layers[:depth]}
        states: dict[str, State] = {}

        def fire(name: str, currents: Tensor) -> Tensor:
            spikes, states[name] = neurons[name].step(currents[0], states.get(name))
            return spikes[None]

        for step in range(self.time_steps):
            row = inputs[step : step + 1] if len(inputs) > 1 else inputs
            yield {name: spikes[0] for name, spikes in self.capture(row, depth, fire)}

    def unroll(self, inputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``.

        In training batch norm takes its statistics over all steps, so that layers follow each other there too; then
        only the neurons are stepped.
        """
        depth = len(self.layers)
        if self.training:
            *_, (_, spikes) = self.capture(inputs, depth, self._stepped)
            return self.read_out(spikes)
        rows = [list(row.values())[-1] for row in self.steps(inputs, depth)]
        return torch.cat([self.read_out(row[None]) for row in rows])

    def _stepped(self, name: str, currents: Tensor) -> Tensor:
        return self.neurons(name).unroll(currents, self.time_steps)[0]

    def scores(self, outputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``: as its decoding reads them."""
        return self.decoding.scores(outputs)
