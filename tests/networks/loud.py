"""An ANN for windows of 6x6 pixels, with large responses of both signs."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Loud(nn.Module):
    """An ANN whose scores are in the hundreds."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.fc1, self.act, self.fc2 = nn.Linear(36, 12), nn.ReLU(), nn.Linear(12, 10)

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = 1000 * self.fc2(self.act(self.fc1(images.flatten(1))))
        return scores


def loud() -> nn.Module:
    return Loud()
