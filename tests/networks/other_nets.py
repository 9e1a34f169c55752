"""Networks without time, of norse, and those that no study can use: factories for tests."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

CALLS: list[int] = []


def torchvision_resnet18(classes: int = 10) -> nn.Module:
    """Net E."""
    import torchvision

    net: nn.Module = torchvision.models.resnet18(num_classes=classes)
    return net


class Small(nn.Module):
    """An ANN of two activations."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.conv, self.relu1 = nn.Conv2d(channels, 5, 3), nn.ReLU(inplace=True)
        self.fc1, self.relu2 = nn.Linear(5 * 36, 7), nn.ReLU()
        self.fc2 = nn.Linear(7, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.relu2(self.fc1(self.relu1(self.conv(x)).flatten(1))))


def small() -> Small:
    return Small()


class Norse(nn.Module):
    """Net K: two layers of norse's LIFBoxCell."""

    def __init__(self, steps: int = 6) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from norse.torch import LIFBoxCell, LIFBoxParameters

        parameters = LIFBoxParameters(tau_mem_inv=torch.tensor(300.0), v_th=torch.tensor(0.05))
        self.steps = steps
        self.fc1, self.fc2 = nn.Linear(64, 8), nn.Linear(8, 10)
        self.l, self.l2 = LIFBoxCell(parameters), LIFBoxCell(parameters)

    def forward(self, x: Tensor) -> Tensor:
        return self.both(x)[1]

    @torch.no_grad()
    def both(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Spikes (T, n, units) of both layers."""
        state: Any = None
        state2: Any = None
        first, second = [], []
        for _ in range(self.steps):
            z, state = self.l(self.fc1(x.flatten(1)), state)
            z2, state2 = self.l2(self.fc2(z), state2)
            first.append(z)
            second.append(z2)
        return torch.stack(first), torch.stack(second)


def norse() -> Norse:
    return Norse()


class Functional(nn.Module):
    """Net M: its activations are functions, so no module is a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.fc(x.flatten(1)))


def functional() -> Functional:
    return Functional()


class Counting(Small):
    """A state in an attribute that grows, which is put back."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Tensor] = []
        self.register_buffer("calls", torch.zeros(()))
        self.calls: Tensor

    def forward(self, x: Tensor) -> Tensor:
        self.history.append(x)
        self.calls += 1
        return super().forward(x + 0.1 * len(self.history) + self.calls)


class Drawing(Small):
    """Draws random numbers at each call."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + torch.rand_like(x))


class GlobalState(Small):
    """A state in a global of its file."""

    def forward(self, x: Tensor) -> Tensor:
        CALLS.append(1)
        return super().forward(x + 0.01 * len(CALLS))


def closure() -> nn.Module:
    """A state in a closure."""
    calls: list[int] = []

    class Closure(Small):
        def forward(self, x: Tensor) -> Tensor:
            calls.append(1)
            return super().forward(x + 0.01 * len(calls))

    return Closure()


class BatchStatistics(nn.Module):
    """Answers depend on the other images of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(1, 4, 3), nn.ReLU()
        self.norm = nn.BatchNorm2d(4, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.norm(self.conv(x))).mean((2, 3))


def counting() -> Counting:
    return Counting()


def drawing() -> Drawing:
    return Drawing()


def global_state() -> GlobalState:
    return GlobalState()


def batch_statistics() -> BatchStatistics:
    return BatchStatistics()
