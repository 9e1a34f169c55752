"""Surrogate-gradient ascent on a neuron's response: an upper guide that searches are held against.

It uses the network's and the generator's gradients, which no search of ours does and no living neuron
offers. The 8-bit step and the choice of the nearest code are passed straight through (Bengio et al.
2013, arXiv 1308.3432); spikes have the gradient that the network is trained with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from snn.generators import CodeGenerator
from snn.networks import SpikingNetwork

Codes = npt.NDArray[np.int64]
Step = tuple[Tensor, Tensor]
"""Codes that were shown and their responses, a row for each neuron."""
IMAGES_PER_STEP = 2
"""A forward and a backward pass count as one image each."""


@dataclass(frozen=True)
class Guide:
    """How the ascent climbs.

    ``relaxed``: Adam, of rate ``lr`` in units of the codebook's deviation, on free vectors that are
    projected to their nearest codes at every step. ``swap``: the one substitution of a code that
    promises most to first order; where it did not help, the next best one.
    ``restarts``: climbs from random codes, one after the other, that divide the budget.
    """

    way: Literal["relaxed", "swap"] = "relaxed"
    restarts: int = 5
    lr: float = 0.1


class Climber:
    """What the ascents have in common: a differentiable way from code vectors to responses."""

    def __init__(
        self, generator: CodeGenerator, network: SpikingNetwork, layer: str, neurons: list[int]
    ) -> None:
        self.generator, self.network, self.neurons = generator, network, torch.tensor(neurons)
        self.stages = network.upto([layer])
        self.codebook = generator.codebook
        self.scale = float(self.codebook.std())

    def slopes(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Responses (N,) to codes (N, positions), row n for neuron n, and their gradient in the vectors."""
        vectors = self.codebook[codes].requires_grad_()
        response = self._responses(vectors)
        response.sum().backward()
        return response.detach(), cast("Tensor", vectors.grad)

    def nearest(self, vectors: Tensor) -> Tensor:
        """The codes (N, positions) nearest to vectors (N, positions, embedding)."""
        return self.generator.nearest(vectors.flatten(0, 1)).view(vectors.shape[:2])

    def _responses(self, vectors: Tensor) -> Tensor:
        grid = math.isqrt(self.generator.positions)
        maps = vectors.transpose(1, 2).reshape(len(vectors), -1, grid, grid)
        pixels = self.generator.decoder(maps).clamp(0, 1) * 255
        shown = pixels + (pixels.round() - pixels).detach()
        spikes = self.network.normalise(shown)[None]
        for stage in self.stages:
            spikes = stage(spikes, self.network.time_steps)
        own = spikes[:, torch.arange(len(vectors)), self.neurons]
        return own.transpose(0, 1).flatten(1).mean(1)


def ascend(
    climber: Climber, guide: Guide, *, budget: int, seed: int
) -> tuple[Codes, npt.NDArray[np.float32]]:
    """The best codes (N, positions) that ``budget`` images a neuron lead to, and the best-so-far (N, budget)."""
    steps = max(budget // (IMAGES_PER_STEP * guide.restarts), 1)
    count = len(climber.neurons)
    best = torch.full((count,), -torch.inf)
    found = torch.zeros((count, climber.generator.positions), dtype=torch.int64)
    history = np.full((count, budget), np.nan, np.float32)
    generator = torch.Generator().manual_seed(seed)
    climb = {"relaxed": _relaxed, "swap": _swap}[guide.way]
    used = 0
    for _ in range(guide.restarts):
        start = torch.randint(len(climber.codebook), found.shape, generator=generator)
        for codes, response in climb(climber, guide, start, steps):
            better = response > best
            best[better], found[better] = response[better], codes[better]
            history[:, used:] = best[:, None].numpy()
            used += IMAGES_PER_STEP
            if used >= budget:
                break
    return found.numpy(), history


def _relaxed(climber: Climber, guide: Guide, start: Tensor, steps: int) -> Iterator[Step]:
    """Free vectors climb; their nearest codes are what is shown."""
    vectors = climber.codebook[start].clone()
    optimizer = torch.optim.Adam([vectors], lr=guide.lr * climber.scale)
    for _ in range(steps):
        codes = climber.nearest(vectors)
        response, slope = climber.slopes(codes)
        vectors.grad = -slope
        optimizer.step()
        yield codes, response


def _swap(climber: Climber, _guide: Guide, start: Tensor, steps: int) -> Iterator[Step]:
    """One code is changed at a time, and kept where it helped."""
    codes = start.clone()
    rows = torch.arange(len(codes))
    refused = torch.zeros((*start.shape, len(climber.codebook)), dtype=torch.bool)
    response, slope = climber.slopes(codes)
    yield codes, response
    for _ in range(steps - 1):
        gain = slope @ climber.codebook.T
        gain = gain - gain.gather(2, codes[..., None])
        gain[refused] = -torch.inf
        gain.scatter_(2, codes[..., None], -torch.inf)
        chosen = gain.flatten(1).argmax(1)
        position, code = chosen // gain.shape[2], chosen % gain.shape[2]
        tried = codes.clone()
        tried[rows, position] = code
        answer, ahead = climber.slopes(tried)
        yield tried, answer
        better = answer > response
        refused[rows, position, code] = True
        refused[better] = False
        codes[better], response[better], slope[better] = (
            tried[better],
            answer[better],
            ahead[better],
        )
