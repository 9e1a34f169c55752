"""Threshold units on frozen features, as a network."""

from __future__ import annotations

from typing import NamedTuple, Self

import torch
from torch import Tensor

from spikeatlas.snn.networks.base import Shape, TrainableNetwork
from spikeatlas.snn.networks.network import SpikingNetwork
from spikeatlas.snn.networks.resnet import SpikingResNet

UNITS = "units"
"""Name of the one layer."""

CERTIFICATES = ("beta", "objective", "gap")
"""What its training says of itself, a number a class: beta, the objective, and how far that may be from the least."""

LayeredNetwork = SpikingNetwork | SpikingResNet


class Trunk(NamedTuple):
    """A network whose weights stay as they are, and the layer that is read of it."""

    network: LayeredNetwork
    layer: str

    def features(self, inputs: Tensor) -> Tensor:
        """Spikes a time step (n, features) of every unit at every position, of encoded images (T or 1, n, c, h, w)."""
        depth = self.network.layers.index(self.layer) + 1
        *_, (name, spikes) = self.network.capture(inputs, depth)
        rates = self.network.neurons(name).relative(spikes).mean(0, dtype=torch.float64)
        return rates.flatten(1)


class ThresholdHead(TrainableNetwork):
    """Scores s_c = sum_j w_jc 1[x . u_j >= 0] of features x, scaled, with a 1 at the end.

    Features are the pixels, or a layer's spike rates in another network, which is part of this one and never changes.
    A unit without weights is none: it is on for nothing. All sums are of float64, so that a unit's pattern on images is
    the one that its weights were found for.
    """

    centre: Tensor
    scale: Tensor
    planes: Tensor
    weights: Tensor
    beta: Tensor
    objective: Tensor
    gap: Tensor

    def __init__(
        self,
        *,
        input_shape: Shape,
        classes: int,
        units: int,
        features: int,
        mean: Tensor,
        std: Tensor,
        trunk: Trunk | None = None,
    ) -> None:
        """``features``: of an image (>= 1); ``trunk``: where they come from, if they are not its pixels."""
        frozen = None if trunk is None else trunk.network
        super().__init__(
            input_shape=input_shape,
            time_steps=1 if frozen is None else frozen.time_steps,
            coding="current" if frozen is None else frozen.coding,
            mean=mean,
            std=std,
        )
        self.trunk = frozen
        self._trunk = trunk
        numbers = {"dtype": torch.float64}
        self.register_buffer("centre", torch.zeros(features, **numbers))
        self.register_buffer("scale", torch.ones((), **numbers))
        # what it learns is no parameter: nothing of it has a gradient
        self.register_buffer("planes", torch.zeros(units, features + 1, **numbers))
        self.register_buffer("weights", torch.zeros(units, classes, **numbers))
        for name in CERTIFICATES:
            self.register_buffer(name, torch.zeros(classes, **numbers))

    def train(self, mode: bool = True) -> Self:
        """See ``nn.Module``. The frozen network stays in evaluation."""
        super().train(mode)
        if self.trunk is not None:
            self.trunk.eval()
            # those before an early exit
            self.time_steps = self.trunk.time_steps
        return self

    @property
    def classes(self) -> int:
        """Classes, each with weights of its own."""
        return int(self.weights.shape[1])

    @property
    def units(self) -> int:
        """Units, those without weights among them."""
        return len(self.planes)

    def normalise(self, images: Tensor) -> Tensor:
        """See ``TrainableNetwork``; as the frozen network has it."""
        return super().normalise(images) if self.trunk is None else self.trunk.normalise(images)

    @torch.no_grad()
    def features(self, inputs: Tensor) -> Tensor:
        """Features (n, features), float64, of encoded images (T or 1, n, c, h, w)."""
        if self._trunk is None:
            return inputs.mean(0, dtype=torch.float64).flatten(1)
        return self._trunk.features(inputs)

    @torch.no_grad()
    def margins(self, inputs: Tensor) -> Tensor:
        """Distances (n, units) from each unit's plane, in scaled features: not negative where it is on.

        0 for a unit without weights. ``inputs``: encoded images.
        """
        scaled = (self.features(inputs) - self.centre) / self.scale
        heights = scaled @ self.planes[:, :-1].T + self.planes[:, -1]
        lengths = self.planes[:, :-1].norm(dim=1)
        # a plane without direction is on, or off, for everything
        return torch.where(self.in_use, heights / torch.where(lengths > 0, lengths, 1.0), 0.0)

    @property
    def in_use(self) -> Tensor:
        """True (units,) for units with weights."""
        return self.weights.any(dim=1)

    def on(self, margins: Tensor) -> Tensor:
        """1.0 (n, units) where a unit in use is on, at distances (n, units) from its plane."""
        return ((margins >= 0) & self.in_use).double()

    def forward(self, inputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``: scores, (1, n, classes); nothing has a gradient."""
        scores: Tensor = self.on(self.margins(inputs)) @ self.weights
        return scores[None]

    def unroll(self, inputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``: there is one step."""
        return self(inputs)

    def scores(self, outputs: Tensor) -> Tensor:
        """See ``TrainableNetwork``."""
        return outputs.mean(0)
