"""The speed of a training step: layer by layer against snnTorch's loop over time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.flows.benchmark.reference_network import (
    natural_images,
    reference_network,
)
from spikeatlas.snn.coding import encode
from spikeatlas.snn.generators.base import Images
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.tasks.workers.process import one_thread

BATCH = 128
SEED = 0


def time_training(images: Path | None = None, rounds: int = 3) -> Iterator[str]:
    """Yield a line on a step of MANGO's shape; ``images``: a folder of natural ones, 1/f pictures if left out."""
    one_thread()
    yield training_line(natural_images(images), rounds)


def training_line(natural: Images, rounds: int) -> str:
    """Time a training step of MANGO's shape, T=25, both ways, and return the result as a line."""
    labels = np.random.default_rng(SEED).integers(0, 10, BATCH)
    network = reference_network(natural, 25, SEED)
    times = time_training_step(network, natural[:BATCH], labels, rounds)
    return (
        f"training step, MANGO's shape, T=25, batch {BATCH}: layer by layer {times.layers:.2f} "
        f"core-seconds, snnTorch's loop {times.steps:.2f}, ratio {times.ratio:.2f}; gradients differ by "
        f"{times.difference:.1e} of the largest"
    )


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
        """Times that layer after layer is faster."""
        return self.steps / self.layers


def time_training_step(
    network: SpikingNetwork, images: Images, labels: npt.NDArray[np.int64], rounds: int = 3
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
