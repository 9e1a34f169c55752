"""A network whose worst image is known in closed form: scores that are linear in the pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.networks import TrainableNetwork

SHAPE = (2, 3, 4)


class LinearNetwork(TrainableNetwork):
    """Two classes, scores 0 and w . x, averaged over two steps."""

    def __init__(self, weights: Tensor, bias: float = 0.0, coding: Coding = "current") -> None:
        blank = torch.zeros(SHAPE[0])
        super().__init__(input_shape=SHAPE, time_steps=2, coding=coding, mean=blank, std=blank + 1)
        self.weights = nn.Parameter(weights)
        self.bias = bias

    @property
    def classes(self) -> int:
        return 2

    def forward(self, inputs: Tensor) -> Tensor:
        rows = (inputs * self.weights).flatten(2).sum(2) + self.bias
        return torch.stack([torch.zeros_like(rows), rows], 2).expand(self.time_steps, -1, -1)

    def unroll(self, inputs: Tensor) -> Tensor:
        return self.forward(inputs)

    def scores(self, outputs: Tensor) -> Tensor:
        return outputs.mean(0)


def linear_network(coding: Coding = "current", scale: float = 0.3) -> LinearNetwork:
    weights = torch.randn(SHAPE, generator=torch.Generator().manual_seed(3)) * scale
    return LinearNetwork(weights, bias=0.2, coding=coding).eval()


def grey_images(count: int = 6) -> npt.NDArray[np.uint8]:
    """Images with room above and below every pixel."""
    return np.random.default_rng(0).integers(90, 160, (count, *SHAPE), dtype=np.uint8)


def labels_of(count: int = 6) -> npt.NDArray[np.int64]:
    return np.arange(count) % 2
