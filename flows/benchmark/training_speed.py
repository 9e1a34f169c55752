"""How much faster a training step is layer by layer than as snnTorch's loop over time."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.coding import encode
from spikeatlas.snn.networks import SpikingNetwork


class StepTimes(NamedTuple):
    """Core-seconds of one training step, forward and backward."""

    layers: float
    """Median, layer after layer."""
    steps: float
    """Median, snnTorch's loop."""
    difference: float
    """Largest difference of a gradient, relative to that tensor's largest entry."""

    @property
    def ratio(self) -> float:
        """How many times faster."""
        return self.steps / self.layers


def time_training_step(
    network: SpikingNetwork,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    rounds: int = 3,
) -> StepTimes:
    """Time both ways in turn in this process, after one warm-up each, on one thread.

    ``images``: uint8 (n, c, h, w), one batch; ``labels``: (n,).
    """
    target = torch.from_numpy(labels)
    ways: dict[str, Callable[[Tensor], Tensor]] = {"layers": network, "steps": network.unroll}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    gradients = {}
    for _ in range(rounds + 1):
        for name, run in ways.items():
            network.zero_grad()
            began = time.process_time()
            F.cross_entropy(run(encode(network, images)).sum(0), target).backward()
            seconds[name].append(time.process_time() - began)
            gradients[name] = [_gradient(parameter) for parameter in network.parameters()]
    pairs = zip(gradients["layers"], gradients["steps"], strict=True)
    difference = max(
        float((one - two).abs().max() / two.abs().max().clamp(min=1e-12)) for one, two in pairs
    )
    return StepTimes(median(seconds["layers"][1:]), median(seconds["steps"][1:]), difference)


def _gradient(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
