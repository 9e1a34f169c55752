"""Networks as users write them with snnTorch: factories for tests, 8x8 images of one channel, ten steps."""

from __future__ import annotations

import snntorch
import torch
from snntorch import utils
from torch import Tensor, nn

STEPS = 10


class Tutorial(nn.Module):
    """Net A: the loop inside, explicit membranes; returns what its tutorial returns."""

    def __init__(self, steps: int = STEPS, beta: float = 0.9, reset: str = "subtract") -> None:
        super().__init__()
        self.steps = steps
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 6, 3)
        self.lif1, self.lif2, self.lif3 = (
            snntorch.Leaky(beta=beta, threshold=0.3, reset_mechanism=reset) for _ in range(3)
        )
        self.fc = nn.Linear(6, 10)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mem1, mem2, mem3 = self.lif1.init_leaky(), self.lif2.init_leaky(), self.lif3.init_leaky()
        spikes, membranes = [], []
        for _ in range(self.steps):
            spk1, mem1 = self.lif1(nn.functional.max_pool2d(self.conv1(x), 2), mem1)
            spk2, mem2 = self.lif2(self.conv2(spk1), mem2)
            spk3, mem3 = self.lif3(self.fc(spk2.view(x.size(0), -1)), mem3)
            spikes.append(spk3)
            membranes.append(mem3)
        return torch.stack(spikes), torch.stack(membranes)

    @torch.no_grad()
    def record(self, x: Tensor) -> dict[str, Tensor]:
        """Spikes (T, n, ...) of each layer, as a user would note them."""
        mem1, mem2, mem3 = self.lif1.init_leaky(), self.lif2.init_leaky(), self.lif3.init_leaky()
        rows: dict[str, list[Tensor]] = {"lif1": [], "lif2": [], "lif3": []}
        for _ in range(self.steps):
            spk1, mem1 = self.lif1(nn.functional.max_pool2d(self.conv1(x), 2), mem1)
            spk2, mem2 = self.lif2(self.conv2(spk1), mem2)
            spk3, mem3 = self.lif3(self.fc(spk2.view(x.size(0), -1)), mem3)
            for name, spikes in zip(rows, (spk1, spk2, spk3), strict=True):
                rows[name].append(spikes)
        return {name: torch.stack(row) for name, row in rows.items()}


class Swapped(Tutorial):
    """Net A, which returns membranes before spikes."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        spikes, membranes = super().forward(x)
        return membranes, spikes


class MembranesOnly(Tutorial):
    """Net A, none of whose outputs are the last layer's spikes."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        spikes, membranes = super().forward(x)
        return membranes, 2 * spikes


class TwoPlaces(nn.Module):
    """Net F: one neuron module at two places of each step."""

    def __init__(self, steps: int = STEPS) -> None:
        super().__init__()
        self.steps = steps
        self.fc1, self.fc2 = nn.Linear(64, 10), nn.Linear(10, 10)
        self.lif = snntorch.Leaky(beta=0.8, threshold=0.1)

    def forward(self, x: Tensor) -> Tensor:
        return self.both(x)[1]

    @torch.no_grad()
    def both(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Spikes (T, n, 10) at both places."""
        mem1 = mem2 = torch.zeros(x.size(0), 10)
        first, second = [], []
        for _ in range(self.steps):
            spk1, mem1 = self.lif(self.fc1(x.flatten(1)), mem1)
            spk2, mem2 = self.lif(self.fc2(spk1), mem2)
            first.append(spk1)
            second.append(spk2)
        return torch.stack(first), torch.stack(second)


class Nested(nn.Module):
    """Net B: nested Sequentials with hidden states; the library's reset finds no neuron of it."""

    def __init__(self, steps: int = STEPS) -> None:
        super().__init__()
        self.steps = steps
        self.net = nested_step()

    def forward(self, x: Tensor) -> Tensor:
        utils.reset(self)
        return torch.stack([self.net(x) for _ in range(self.steps)])


def tutorial(steps: int = STEPS, reset: str = "subtract") -> Tutorial:
    return Tutorial(steps, reset=reset)


def swapped() -> Swapped:
    return Swapped()


def membranes_only() -> MembranesOnly:
    return MembranesOnly()


def two_places(steps: int = STEPS) -> TwoPlaces:
    return TwoPlaces(steps)


def nested() -> Nested:
    return Nested()


def nested_step() -> nn.Sequential:
    """Net B without its loop, called once a step; weights drawn in the order of net A."""

    def lif() -> nn.Module:
        return snntorch.Leaky(beta=0.9, threshold=0.3, init_hidden=True)

    conv1, conv2 = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 6, 3)
    return nn.Sequential(
        nn.Sequential(conv1, nn.MaxPool2d(2), lif()),
        nn.Sequential(conv2, lif()),
        nn.Flatten(),
        nn.Linear(6, 10),
        lif(),
    )


def parallel() -> nn.DataParallel[Tutorial]:
    """Net L."""
    return nn.DataParallel(Tutorial())


class FrameLoop(nn.Module):
    """Net B with the loop over the frames that it is given, (T, n, c, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        self.step = nested_step()

    def forward(self, frames: Tensor) -> Tensor:
        return torch.stack([self.step(frames[t]) for t in range(frames.size(0))])


def frame_loop() -> FrameLoop:
    return FrameLoop()


class FoldedSequence(nn.Module):
    """A neuron of all steps at once, which is no SpikingNeuron of the library's, for frames."""

    def __init__(self) -> None:
        super().__init__()
        self.neurons = snntorch.LeakyParallel(64, 10, beta=0.9, threshold=0.02)

    def forward(self, frames: Tensor) -> Tensor:
        return self.neurons(frames.flatten(2))


def folded_sequence() -> FoldedSequence:
    return FoldedSequence()
