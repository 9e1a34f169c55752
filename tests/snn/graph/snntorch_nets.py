"""One snnTorch network as its users write it: explicit membranes, hidden ones, nested, and as forwards that do not trace."""

from __future__ import annotations

from typing import Any

import snntorch
import torch
from snntorch import utils
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.neurons import SpikingNeuron, State

TIME_STEPS = 6
NAMES = ("one", "two", "three")


def leaky(number: int, **options: Any) -> Any:
    """Neurons of the layer of that number, the same in all styles."""
    generator = torch.Generator().manual_seed(number)
    size = ((6, 1, 1), (8, 1, 1), (10,))[number]
    beta = 0.5 + 0.1 * torch.randint(0, 4, size, generator=generator)
    reset = "zero" if number == 1 else "subtract"
    threshold = (0.5, 0.3, 0.1)[number]
    return snntorch.Leaky(beta=beta, threshold=threshold, reset_mechanism=reset, **options)


class Explicit(nn.Module):
    """The tutorial's style: the loop inside, membranes passed on."""

    paths = ("lif1", "lif2", "lif3")

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 4 * 4, 10)
        self.drop = nn.Dropout(0.5)
        self.lif1, self.lif2, self.lif3 = (leaky(number) for number in range(3))

    def rows(self, x: Tensor, maps: Tensor) -> Tensor:
        return maps.view(x.size(0), -1)

    def start(self, x: Tensor) -> tuple[Any, Any, Any]:
        del x
        return self.lif1.init_leaky(), self.lif2.reset_mem(), self.lif3.init_leaky()

    def forward(self, x: Tensor) -> Any:
        mem1, mem2, mem3 = self.start(x)
        spikes, membranes = [], []
        for _ in range(TIME_STEPS):
            spk1, mem1 = self.lif1(F.max_pool2d(self.conv1(x), 2), mem1)
            spk2, mem2 = self.lif2(F.max_pool2d(self.conv2(spk1), 2), mem2)
            spk3, mem3 = self.lif3(self.drop(self.fc(self.rows(x, spk2))), mem3)
            spikes.append(spk3)
            membranes.append(mem3)
        return torch.stack(spikes), torch.stack(membranes)


class ZerosOfTheBatch(Explicit):
    """Membranes that start as zeros of the batch's size, and another flattening."""

    def rows(self, x: Tensor, maps: Tensor) -> Tensor:
        del x
        return maps.flatten(1)

    def start(self, x: Tensor) -> tuple[Any, Any, Any]:
        return torch.zeros(x.shape[0], 6, 8, 8), torch.zeros(x.size(0), 8, 4, 4), None


class Nested(nn.Module):
    """Nested Sequentials with hidden states, reset inside the forward."""

    paths = ("net.0.2", "net.1.2", "net.4")

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Sequential(
                nn.Conv2d(3, 6, 3, padding=1), nn.MaxPool2d(2), leaky(0, init_hidden=True)
            ),
            nn.Sequential(
                nn.Conv2d(6, 8, 3, padding=1), nn.MaxPool2d(2), leaky(1, init_hidden=True)
            ),
            nn.Flatten(),
            nn.Linear(8 * 4 * 4, 10),
            leaky(2, init_hidden=True, output=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        utils.reset(self.net)
        record = []
        for _ in range(TIME_STEPS):
            spikes, _ = self.net(x)
            record.append(spikes)
        return torch.stack(record)


class Frames(Explicit):
    """A loop over the frames of its input (T, n, c, h, w)."""

    def forward(self, x: Tensor) -> Tensor:
        mem1, mem2, mem3 = self.start(x[0])
        record = []
        for step in range(TIME_STEPS):
            spk1, mem1 = self.lif1(F.max_pool2d(self.conv1(x[step]), 2), mem1)
            spk2, mem2 = self.lif2(F.max_pool2d(self.conv2(spk1), 2), mem2)
            spk3, mem3 = self.lif3(self.fc(spk2.flatten(1)), mem3)
            record.append(spk3)
        return torch.stack(record)


class Rectified(Explicit):
    """A pool of three, and a ReLU before the last neurons: its last layer is none of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        mem1, mem2, mem3 = self.start(x)
        for _ in range(TIME_STEPS):
            spk1, mem1 = self.lif1(F.max_pool2d(self.conv1(x), 3, 2, 1), mem1)
            spk2, mem2 = self.lif2(F.max_pool2d(self.conv2(spk1), 3, stride=2, padding=1), mem2)
            spk3, mem3 = self.lif3(self.relu(self.fc(spk2.flatten(1))), mem3)
        return spk3


class AskingItsLength(Explicit):
    """A forward that asks for the length of its input."""

    def rows(self, x: Tensor, maps: Tensor) -> Tensor:
        return maps.view(len(x), -1)


class Recurrent(Explicit):
    """The second layer's spikes of the step before drive it again."""

    def forward(self, x: Tensor) -> Tensor:
        mem1, mem2, _ = self.start(x)
        spk2 = torch.zeros(x.shape[0], 8, 4, 4)
        for _ in range(TIME_STEPS):
            spk1, mem1 = self.lif1(F.max_pool2d(self.conv1(x), 2), mem1)
            spk2, mem2 = self.lif2(F.max_pool2d(self.conv2(spk1), 2) + spk2, mem2)
        return spk2


class Membranes(Explicit):
    """The first layer's membrane, not its spikes, goes on."""

    def forward(self, x: Tensor) -> Tensor:
        mem1, mem2, _ = self.start(x)
        for _ in range(TIME_STEPS):
            _, mem1 = self.lif1(F.max_pool2d(self.conv1(x), 2), mem1)
            spk2, mem2 = self.lif2(F.max_pool2d(self.conv2(mem1), 2), mem2)
        return spk2


class Mixing(Explicit):
    """An operation over the images of a batch."""

    def forward(self, x: Tensor) -> Tensor:
        mem1, mem2, _ = self.start(x)
        for _ in range(TIME_STEPS):
            spk1, mem1 = self.lif1(F.max_pool2d(self.conv1(x), 2), mem1)
            spk2, mem2 = self.lif2(F.max_pool2d(self.conv2(spk1 - spk1.mean(0)), 2), mem2)
        return spk2


class Twice(nn.Module):
    """One neuron module at two places, with a membrane for each."""

    paths = ("lif", "lif")

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.lif: Any = snntorch.Leaky(beta=0.8, threshold=0.3)

    def forward(self, x: Tensor) -> Tensor:
        first = second = torch.zeros(x.shape[0], 6, 16, 16)
        for _ in range(TIME_STEPS):
            spikes, first = self.lif(self.conv1(x), first)
            spikes, second = self.lif(self.conv2(spikes), second)
        return spikes


class TwiceHidden(Twice):
    """One neuron module at two places with one state."""

    def __init__(self) -> None:
        super().__init__()
        self.lif = snntorch.Leaky(beta=0.8, threshold=0.3, init_hidden=True)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(TIME_STEPS):
            spikes = self.lif(self.conv2(self.lif(self.conv1(x))))
        return spikes


class TwoStates(Explicit):
    """Neurons with a synaptic current, which have no rule here."""

    def __init__(self) -> None:
        super().__init__()
        self.lif2 = snntorch.Synaptic(alpha=0.6, beta=0.8, threshold=0.4)

    def forward(self, x: Tensor) -> Tensor:
        mem1, _, mem3 = self.start(x)
        syn2, mem2 = self.lif2.init_synaptic()
        for _ in range(TIME_STEPS):
            spk1, mem1 = self.lif1(F.max_pool2d(self.conv1(x), 2), mem1)
            spk2, syn2, mem2 = self.lif2(F.max_pool2d(self.conv2(spk1), 2), syn2, mem2)
            spk3, mem3 = self.lif3(self.fc(spk2.flatten(1)), mem3)
        return spk3

    def start(self, x: Tensor) -> tuple[Any, Any, Any]:
        del x
        return self.lif1.init_leaky(), None, self.lif3.init_leaky()


class Adaptive(SpikingNeuron):
    """A neuron of ours without a rule: its threshold grows with its spikes."""

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        total = torch.zeros_like(current) if state is None else state
        spikes = (current > 0.2 + 0.3 * total).float()
        return spikes, total + spikes

    def forward(self, current: Tensor, state: State = None) -> tuple[Tensor, State]:
        return self.step(current, state)


class OwnNeurons(TwoStates):
    """Neurons of ours without a rule."""

    def __init__(self) -> None:
        super().__init__()
        self.lif2: Any = Adaptive()

    def forward(self, x: Tensor) -> Tensor:
        mem1, total, mem3 = self.start(x)
        for _ in range(TIME_STEPS):
            spk1, mem1 = self.lif1(F.max_pool2d(self.conv1(x), 2), mem1)
            spk2, total = self.lif2(F.max_pool2d(self.conv2(spk1), 2), total)
            spk3, mem3 = self.lif3(self.fc(spk2.flatten(1)), mem3)
        return spk3
