"""Networks as a beginner writes them, each with one mistake: factories for tests, 8x8 images of one channel."""

from __future__ import annotations

import warnings

import snntorch
import torch
from torch import Tensor, nn

from tests.networks.snntorch_nets import STEPS, Tutorial

NO_FUNCTION = 3


def needs_option(hidden: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def forgets_return() -> None:
    nn.Linear(64, 10)


def on_gpu() -> nn.Module:
    """Asks for a device as scripts do that only ever ran on one."""
    raise RuntimeError("Found no NVIDIA driver on your system.")


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*torch.jit")
        traced = torch.jit.trace(nn.Linear(64, 10), torch.zeros(1, 64))
    return nn.Sequential(nn.Flatten(), traced, nn.ReLU())


def of_flat_images() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 10), nn.ReLU())


def of_few_classes() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 4), snntorch.Leaky(0.9, init_hidden=True))


def one_step() -> nn.Module:
    """A module of one time step, which says nothing of how many there are."""
    lif1, lif2 = (snntorch.Leaky(beta=0.9, threshold=0.1, init_hidden=True) for _ in range(2))
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 12), lif1, nn.Linear(12, 10), lif2)


class OneNeuron(nn.Module):
    """One neuron module for all there is."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(64, 10), snntorch.Leaky(beta=0.9, threshold=0.1)

    def forward(self, x: Tensor) -> Tensor:
        membrane = self.lif.init_leaky()
        spikes = []
        for _ in range(STEPS):
            out, membrane = self.lif(self.fc(x.flatten(1)), membrane)
            spikes.append(out)
        return torch.stack(spikes)


def one_neuron() -> OneNeuron:
    return OneNeuron()


def resets_to_zero() -> Tutorial:
    return Tutorial(reset="zero")
