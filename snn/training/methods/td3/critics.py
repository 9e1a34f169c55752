"""Critics: what an action in a state is worth, learnt beside the actor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn


class Critics(nn.Module):
    """Two networks of rectified units, each with its own guess at the sum of rewards to come."""

    def __init__(self, observations: int, actions: int, hidden: Sequence[int], seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.first = _perceptron(observations + actions, hidden)
            self.second = _perceptron(observations + actions, hidden)

    def forward(self, values: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Return both guesses (n,) for observations (n, d) and actions (n, a) in shares of their limit."""
        inputs = torch.cat([values, actions], dim=1)
        return self.first(inputs)[:, 0], self.second(inputs)[:, 0]

    def guess(self, values: Tensor, actions: Tensor) -> Tensor:
        """Return the first one's guess (n,), which the actor follows."""
        guesses: Tensor = self.first(torch.cat([values, actions], dim=1))[:, 0]
        return guesses


def _perceptron(inputs: int, hidden: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, 1))


@torch.no_grad()
def follow(slow: Iterable[Tensor], fast: Iterable[Tensor], share: float) -> None:
    """Move tensors towards others, in place, by a share of the way."""
    for one, other in zip(slow, fast, strict=True):
        one.lerp_(other, share)
