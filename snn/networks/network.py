"""The spiking network as torch module, without the loop over time that a responder brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Self, cast

import torch
from torch import Tensor, nn

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.networks.base import LayerOutputs, Shape, TrainableNetwork
from spikeatlas.snn.networks.decodings import DecodingSpec, OutputReadout, RateDecoding
from spikeatlas.snn.networks.early_exit import steps_before_exit
from spikeatlas.snn.networks.layer import SpikingLayer, unroll
from spikeatlas.snn.networks.layer_depth import layers_upto
from spikeatlas.snn.neurons import SpikingNeuron


class SpikingNetwork(TrainableNetwork):
    """Spiking layers in a row.

    ``stages``: the layers (ModuleList of SpikingLayer).
    """

    def __init__(
        self,
        layers: Sequence[SpikingLayer],
        *,
        input_shape: Shape,
        time_steps: int,
        coding: Coding,
        mean: Tensor,
        std: Tensor,
        decoding: DecodingSpec | None = None,
        readout: OutputReadout | None = None,
    ) -> None:
        """``readout``: of the output layer's spikes; None: the decoding's, one class an output neuron."""
        super().__init__(
            input_shape=input_shape, time_steps=time_steps, coding=coding, mean=mean, std=std
        )
        # the name is part of the checkpoints' format: their tensors are called stages.0.operator.weight
        self.stages = nn.ModuleList(layers)
        self.trained_steps = time_steps
        self.decoding = decoding or RateDecoding()
        outputs = list(self)[-1].size
        self.readout = readout or self.decoding.readout(outputs, time_steps)

    def train(self, mode: bool = True) -> Self:
        """See ``nn.Module``. In evaluation, ``time_steps`` are those before an early exit, if a norm has one."""
        super().train(mode)
        norms = (layer.norm for layer in self)
        steps = self.trained_steps
        self.time_steps = steps if mode else steps_before_exit(norms, steps)
        return self

    def __iter__(self) -> Iterator[SpikingLayer]:
        return (cast("SpikingLayer", layer) for layer in self.stages)

    @property
    def layers(self) -> tuple[str, ...]:  # type: ignore[override]  # of the contract's attribute
        """Names of the spiking layers, from the input on."""
        return tuple(layer.name for layer in self)

    @property
    def sizes(self) -> dict[str, int]:
        """Neurons of every layer."""
        return {layer.name: layer.size for layer in self}

    @property
    def classes(self) -> int:
        """Classes that the output is read as."""
        return self.readout.classes

    def upto(self, layers: Iterable[str]) -> list[SpikingLayer]:
        """Return the layers from the input to the deepest of ``layers``.

        ValueError for no layer or an unknown one, with the names that are near.
        """
        return list(self)[: layers_upto(list(layers), self.layers)]

    def forward(self, inputs: Tensor) -> Tensor:
        """Output spikes (T, n, outputs) of encoded images (T, n, c, h, w), or (1, n, c, h, w).

        Layer by layer, each over the whole sequence, with gradients: ``unroll`` gives the same.
        """
        spikes = inputs
        for layer in self:
            spikes = layer(spikes, self.time_steps)
        return spikes

    def capture(self, inputs: Tensor, depth: int) -> Iterator[tuple[str, Tensor]]:
        """Spikes (T, n, ...) of the first ``depth`` layers, one by one, of encoded images (T or 1, n, c, h, w).

        Each layer runs over the whole sequence; the next is computed when it is asked for.
        """
        spikes = inputs
        for layer in list(self)[:depth]:
            spikes = layer(spikes, self.time_steps)
            yield layer.name, spikes

    def layer_outputs(self, inputs: Tensor) -> LayerOutputs:
        """See ``TrainableNetwork``."""
        spikes = dict(self.capture(inputs, len(self.stages)))
        return LayerOutputs(spikes, spikes[self.layers[-1]])

    def input_weights(self) -> dict[str, Tensor]:
        """See ``TrainableNetwork``: of each layer's operator, before any normalisation."""
        return {layer.name: layer.operator.weight for layer in self}

    def numbers(self) -> dict[str, list[int]]:
        """See ``TrainableNetwork``."""
        return {layer.name: layer.units.tolist() for layer in self if layer.units is not None}

    def neurons(self, layer: str) -> SpikingNeuron:
        """Return the neurons of a spiking layer. ValueError for an unknown one."""
        return self.upto([layer])[-1].neuron

    def unroll(self, inputs: Tensor) -> Tensor:
        """Do what ``forward`` does as snnTorch's own loop: step after step, through all layers."""
        return torch.stack([row[-1] for row in unroll(list(self), inputs, self.time_steps)])

    def scores(self, spikes: Tensor) -> Tensor:
        """Scores (n, classes) of output spikes (T, n, outputs), as the network's decoding reads them."""
        scores: Tensor = self.readout(list(self)[-1].neuron.relative(spikes))
        return scores
