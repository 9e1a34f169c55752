"""The feedback spiking network as torch module."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import cast

import torch
from torch import Tensor

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks.base import Shape, TrainableNetwork
from spikeatlas.snn.networks.feedback.implicit_gradient import (
    Adjoint,
    exact_adjoint,
    with_gradient,
)
from spikeatlas.snn.networks.feedback.settling_neuron import SettlingNeuron
from spikeatlas.snn.networks.layer import SteadyLinear, linear
from spikeatlas.snn.neurons import SpikingNeuron, State
from spikeatlas.snn.sentences import near

HIDDEN = "fc1"
"""Name of the layer of spiking units."""


class FeedbackNetwork(TrainableNetwork):
    """Spiking units that see the image and their own spikes of the step before, settling to rates; a linear read-out.

    ``fc1``: image to units; ``feedback``: W, units to units; ``fc``: rates to classes (Xiao et al. 2021, arXiv
    2109.14247).
    """

    layers = (HIDDEN,)

    def __init__(
        self,
        units: int,
        classes: int,
        *,
        feedback_norm: float,
        input_shape: Shape,
        time_steps: int,
        coding: Coding,
        mean: Tensor,
        std: Tensor,
    ) -> None:
        """``feedback_norm``: the largest Frobenius norm of W."""
        super().__init__(
            input_shape=input_shape, time_steps=time_steps, coding=coding, mean=mean, std=std
        )
        self.fc1 = linear(mean.new_empty(input_shape).numel(), units)
        self.feedback = linear(units, units, bias=False)
        self.neuron: SpikingNeuron = SettlingNeuron()
        self.fc: SteadyLinear = linear(units, classes)
        self.feedback_norm = feedback_norm

    @property
    def classes(self) -> int:
        """Outputs."""
        return self.fc.out_features

    def neurons(self, layer: str) -> SpikingNeuron:
        """Return the neurons of a spiking layer. ValueError for an unknown one."""
        self.require([layer])
        return self.neuron

    def layer_infos(self) -> dict[str, LayerInfo]:
        """Return its spiking layers, with the unit of their responses."""
        unit = self.neuron.unit(self.time_steps, ())
        return {HIDDEN: LayerInfo(self.feedback.out_features, (), unit)}

    def require(self, layers: Collection[str]) -> None:
        """Raise ValueError for no layer or an unknown one."""
        for layer in layers:
            if layer != HIDDEN:
                raise ValueError(
                    f"layers names {layer!r}, but the network has {HIDDEN}{near(layer, self.layers)}."
                )
        if not layers:
            raise ValueError(f"layers is empty: name {HIDDEN}.")

    @torch.no_grad()
    def restrict(self) -> None:
        """Shrink the feedback weights to their largest norm, if they are beyond it."""
        norm = float(torch.linalg.norm(self.feedback.weight))
        if norm > self.feedback_norm:
            self.feedback.weight *= self.feedback_norm / norm

    def drive(self, inputs: Tensor) -> Tensor:
        """Currents from outside (T or 1, n, units) of encoded images (T or 1, n, c, h, w)."""
        currents = self.fc1(inputs.flatten(2).flatten(0, 1))
        return torch.unflatten(currents, 0, inputs.shape[:2])

    def steps(self, inputs: Tensor) -> Iterator[Tensor]:
        """Spikes (n, units), step after step, of encoded images (T or 1, n, c, h, w): the plain loop."""
        still = self.drive(inputs) if len(inputs) == 1 else None
        neuron, state = self.neuron.private(), cast("State", None)
        feedback: Tensor | float = 0.0
        for step in range(self.time_steps):
            drive = self.drive(inputs[step : step + 1]) if still is None else still
            spikes, state = neuron.step(drive[0] + feedback, state)
            feedback = self.feedback(spikes)
            yield spikes

    def capture(self, inputs: Tensor, depth: int = 1) -> Iterator[tuple[str, Tensor]]:
        """Spikes (T, n, units) of its one layer, of encoded images (T or 1, n, c, h, w); none for a depth of 0."""
        yield from [(name, self._trains(inputs)) for name in self.layers[:depth]]

    @torch.no_grad()
    def _trains(self, inputs: Tensor) -> Tensor:
        return torch.stack(list(self.steps(inputs)))

    def forward(self, inputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``. The gradient is that of the equilibrium, solved exactly."""
        return self.settle(inputs, exact_adjoint)

    def settle(self, inputs: Tensor, adjoint: Adjoint) -> Tensor:
        """Do what ``forward`` does, with a gradient by another ``adjoint``."""
        spikes = self._trains(inputs)
        if torch.is_grad_enabled():
            drive = self.drive(inputs.mean(0, keepdim=True))[0]
            rates = with_gradient(spikes.mean(0), drive, self.feedback.weight, adjoint)
            # the value of each spike, the gradient of the rate
            spikes = spikes + (rates - rates.detach())
        return torch.unflatten(self.fc(spikes.flatten(0, 1)), 0, spikes.shape[:2])

    def unroll(self, inputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``: units that see each other are stepped in any case."""
        return self(inputs)

    def scores(self, outputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``: the mean over time, which is the read-out of the rates."""
        return outputs.mean(0)
