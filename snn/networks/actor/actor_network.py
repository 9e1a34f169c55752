"""A spiking actor, built: observations in, actions out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.networks.actor.population_coder import SPAN, PopulationCoder
from spikeatlas.snn.networks.base import Shape, TrainableNetwork
from spikeatlas.snn.networks.decodings.population_decoding import PopulationReadout
from spikeatlas.snn.networks.layer import SpikingLayer, unroll
from spikeatlas.snn.networks.layer_depth import layers_upto
from spikeatlas.snn.neurons import SpikingNeuron


class ActorNetwork(TrainableNetwork):
    """Populations that code observations, layers in a row, and a read-out without spikes for each action.

    A stimulus (1, 1, d) holds d observations, 0 to 255 from the smallest value to the largest: as the network has them,
    from -3 to 3. ``coder``, ``stages`` and ``readout`` are its parts. Where neurons do not spike, the populations'
    activities enter as they are.
    """

    def __init__(
        self,
        coder: PopulationCoder,
        layers: Sequence[SpikingLayer],
        readout: PopulationReadout,
        *,
        input_shape: Shape,
        time_steps: int,
        coding: Coding,
    ) -> None:
        middle, scale = torch.tensor([0.5]), torch.tensor([0.5 / SPAN])
        super().__init__(
            input_shape=input_shape, time_steps=time_steps, coding=coding, mean=middle, std=scale
        )
        self.coder = coder
        self.stages = nn.ModuleList(layers)
        self.readout = readout

    def __iter__(self) -> Iterator[SpikingLayer]:
        return (cast("SpikingLayer", layer) for layer in self.stages)

    @property
    def layers(self) -> tuple[str, ...]:  # type: ignore[override]  # of the contract's attribute
        """Names of the spiking layers, from the input on; the populations that code observations are none."""
        return tuple(layer.name for layer in self)

    @property
    def classes(self) -> int:
        """Actions."""
        return self.readout.classes

    def upto(self, layers: Iterable[str]) -> int:
        """Return the number of layers from the input to the deepest of ``layers``.

        ValueError for no layer or an unknown one, with the names that are near.
        """
        return layers_upto(list(layers), self.layers)

    def neurons(self, layer: str) -> SpikingNeuron:
        """Return the neurons of a spiking layer. ValueError for an unknown one."""
        return list(self)[self.upto([layer]) - 1].neuron

    def code(self, inputs: Tensor) -> Tensor:
        """Spikes (T, n, coding neurons) of encoded stimuli (1, n, 1, 1, d); activities (1, n, ...) without spikes."""
        values = inputs[0].flatten(1)
        if self.neurons(self.layers[0]).spiking:
            spikes: Tensor = self.coder(values, self.time_steps)
            return spikes
        return self.coder.activities(values)[None]

    def capture(self, inputs: Tensor, depth: int) -> Iterator[tuple[str, Tensor]]:
        """Spikes (T, n, units) of the first ``depth`` layers, one by one, of encoded stimuli (1, n, 1, 1, d)."""
        spikes = self.code(inputs)
        for layer in list(self)[:depth]:
            spikes = layer(spikes, self.time_steps)
            yield layer.name, spikes

    def steps(self, inputs: Tensor, depth: int) -> Iterator[dict[str, Tensor]]:
        """Spikes (n, units) of the first ``depth`` layers, step after step: the plain loop."""
        layers = list(self)[:depth]
        names = [layer.name for layer in layers]
        for row in unroll(layers, self.code(inputs), self.time_steps):
            yield dict(zip(names, row, strict=True))

    def forward(self, inputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``."""
        for _, spikes in self.capture(inputs, len(self.layers)):
            outputs = spikes
        return outputs

    def unroll(self, inputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``."""
        output = self.layers[-1]
        return torch.stack([row[output] for row in self.steps(inputs, len(self.layers))])

    def scores(self, outputs: Tensor) -> Tensor:
        """Last membranes m (n, actions) of the read-out."""
        membranes: Tensor = self.readout(outputs)
        return membranes

    def act(self, values: Tensor) -> Tensor:
        """Actions tanh(m) (n, actions), in shares of their limit, of observations (n, d) that lie from -3 to 3."""
        return self.scores(self(values[None, :, None, None])).tanh()
