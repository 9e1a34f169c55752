"""Training steps of a network, timed in several ways that take turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.networks import TrainableNetwork

Way = Callable[[Tensor], Tensor]
"""Output spikes (T, n, outputs) of encoded images (T or 1, n, c, h, w), with gradients."""


def step_seconds(
    network: TrainableNetwork, ways: Sequence[Way], inputs: Tensor, labels: Tensor, rounds: int
) -> list[float]:
    """Return core-seconds of forward and backward by each way: medians of rounds in turns, after one each.

    ``inputs``: one batch of encoded images; ``labels`` (n,).
    """
    seconds = [[_seconds(network, way, inputs, labels) for way in ways] for _ in range(rounds + 1)]
    return [median(row) for row in zip(*seconds[1:], strict=True)]


def _seconds(network: TrainableNetwork, way: Way, inputs: Tensor, labels: Tensor) -> float:
    network.zero_grad()
    began = time.process_time()
    functional.cross_entropy(network.scores(way(inputs)), labels).backward()
    return time.process_time() - began
