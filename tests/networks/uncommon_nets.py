"""Networks that run, and are written otherwise than most: factories for tests, 8x8 images of one channel."""

from __future__ import annotations

import snntorch
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from tests.networks.other_nets import Small


class NamedClasses(nn.Module):
    """A layer with the name that class mode gives the layer it adds."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.classes = nn.Linear(64, 10), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.classes(self.hidden(x.flatten(1)))
        return scores


def named_classes() -> NamedClasses:
    return NamedClasses()


class Dividing(Small):
    """Divides by the brightness of an image, which may be 0."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x / x.sum((1, 2, 3), keepdim=True))


class DividingSpikes(nn.Module):
    """The same before neurons, which a NaN leaves silent."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(64, 10), snntorch.Leaky(beta=0.9, init_hidden=True)

    def forward(self, x: Tensor) -> Tensor:
        spikes: Tensor = self.lif(self.fc((x / x.sum((1, 2, 3), keepdim=True)).flatten(1)))
        return spikes


class Dropping(Small):
    """Leaves a dropout on."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.dropout(x, 0.5, training=True))


class TrainingNorm(Small):
    """Normalises by its batch, as in training."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        self.norm.train()
        return super().forward(self.norm(x))


class Unseeded(Small):
    """Draws noise from a generator of its own."""

    def forward(self, x: Tensor) -> Tensor:
        generator = torch.Generator()
        generator.seed()
        return super().forward(x + torch.rand(x.shape, generator=generator))


def dividing() -> Dividing:
    return Dividing()
