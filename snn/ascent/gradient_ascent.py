"""Surrogate-gradient ascent on a neuron's response, or on its drive: an upper bound that searches are held against.

It uses the network's gradient, which no search of ours does and no living neuron offers; spikes have the gradient that the
network is trained with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.ascent.latent_path import CodePath, LatentPath, make_path
from spikeatlas.snn.generators import Generator
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork

Points = npt.NDArray[np.int64 | np.float32]
Step = tuple[Tensor, Tensor]
"""Points that were shown and their responses, a row for each neuron."""
IMAGES_PER_STEP = 2
"""A forward and a backward pass count as one image each."""

ASCENTS = {"codes": ("relaxed", "swap"), "gaussian": ("latent",)}
"""Ascents that there are for each kind of latent."""


@dataclass(frozen=True)
class AscentOptions:
    """Options of an ascent.

    For codes, ``relaxed``: Adam, of rate ``lr`` in units of the codebook's deviation, on free vectors
    that are projected to their nearest codes at every step; ``swap``: the one substitution of a code
    that promises most to first order; where it did not help, the next best one. For Gaussian latents,
    ``latent``: Adam, of rate ``lr`` in units of the prior's deviation, on the latent itself.
    ``restarts``: climbs from random points, one after the other, that divide the budget.
    """

    way: Literal["relaxed", "swap", "latent"] = "relaxed"
    restarts: int = 5
    lr: float = 0.1


Answers = Callable[[SpikingLayer, Tensor, int], Tensor]
"""Answers (n, units) of a layer to signals (T or 1, n, ...) over so many time steps, with a gradient."""


def mean_rates(layer: SpikingLayer, signals: Tensor, time_steps: int) -> Tensor:
    """Return responses as the atlas has them: means over steps and positions of what the neurons hand on."""
    units = layer.neuron.relative(layer(signals, time_steps))
    return units.mean(0).flatten(2).mean(2) if units.dim() > 3 else units.mean(0)


class Climber:
    """A differentiable way from a generator's inputs to responses, which all ascents have in common."""

    def __init__(
        self,
        path: LatentPath,
        network: SpikingNetwork,
        layer: str,
        neurons: list[int],
        answers: Answers = mean_rates,
    ) -> None:
        """``answers``: of the layer, that are climbed."""
        self.path, self.network, self.neurons = path, network, torch.tensor(neurons)
        self.layers, self.answers = network.upto([layer]), answers

    def draw(self, random: torch.Generator) -> Tensor:
        """Draw a random point (N, d) for each neuron."""
        return self.path.draw(len(self.neurons), random)

    @property
    def climbs(self) -> bool:
        """True where the answers have a gradient: not where spikes of the network pass none on."""
        start = self.path.inputs_of(self.draw(torch.Generator().manual_seed(0)))
        return self._responses(start.detach().requires_grad_()).requires_grad

    def slopes(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Responses (N,) to points (N, d), row n for neuron n, and their gradient in the generator's inputs."""
        free = self.path.inputs_of(points).detach().clone().requires_grad_()
        response = self._responses(free)
        response.sum().backward()
        return response.detach(), cast("Tensor", free.grad)

    def _responses(self, inputs: Tensor) -> Tensor:
        stimuli = self.path.stimuli(inputs)
        signals, steps = self.network.normalise(stimuli)[None], self.network.time_steps
        *before, last = self.layers
        for layer in before:
            signals = layer(signals, steps)
        return self.answers(last, signals, steps)[torch.arange(len(inputs)), self.neurons]


def make_climber(
    generator: Generator,
    network: SpikingNetwork,
    layer: str,
    neurons: list[int],
    answers: Answers = mean_rates,
) -> Climber:
    """Make the climber for a generator's latents; ValueError for a generator without a gradient."""
    return Climber(make_path(generator), network, layer, neurons, answers)


def ascend(
    climber: Climber, options: AscentOptions, *, budget: int, seed: int
) -> tuple[Points, npt.NDArray[np.float32]]:
    """Return the best points (N, d) that ``budget`` images a neuron lead to, and the best-so-far (N, budget)."""
    steps = max(budget // (IMAGES_PER_STEP * options.restarts), 1)
    random = torch.Generator().manual_seed(seed)
    history = np.full((len(climber.neurons), budget), np.nan, np.float32)
    best = torch.full((len(climber.neurons),), -torch.inf)
    best_points = torch.zeros(0)
    used = 0
    for _ in range(options.restarts):
        start = climber.draw(random)
        best_points = best_points if len(best_points) else torch.zeros_like(start)
        for points, response in _climb(climber, options, start, steps):
            better = response > best
            best[better], best_points[better] = response[better], points[better]
            history[:, used:] = best[:, None].numpy()
            used += IMAGES_PER_STEP
            if used >= budget:
                break
    return best_points.numpy(), history


def _climb(climber: Climber, options: AscentOptions, start: Tensor, steps: int) -> Iterator[Step]:
    return (
        _swap(climber, start, steps)
        if options.way == "swap"
        else _move(climber, options, start, steps)
    )


def _move(climber: Climber, options: AscentOptions, start: Tensor, steps: int) -> Iterator[Step]:
    """Climb with the latents, or with free vectors whose nearest codes are shown."""
    free = climber.path.free(start)
    optimizer = torch.optim.Adam([free], lr=options.lr * climber.path.scale)
    for _ in range(steps):
        points = climber.path.points(free)
        response, slope = climber.slopes(points)
        free.grad = -slope
        optimizer.step()
        yield points, response


def _swap(climber: Climber, start: Tensor, steps: int) -> Iterator[Step]:
    """Change one code at a time, and keep the change where it helped."""
    codebook = cast("CodePath", climber.path).codebook
    codes = start.clone()
    rows = torch.arange(len(codes))
    refused = torch.zeros((*start.shape, len(codebook)), dtype=torch.bool)
    response, slope = climber.slopes(codes)
    yield codes, response
    for _ in range(steps - 1):
        gain = slope @ codebook.T
        gain = gain - gain.gather(2, codes[..., None])
        gain[refused] = -torch.inf
        gain.scatter_(2, codes[..., None], -torch.inf)
        index = gain.flatten(1).argmax(1)
        position, code = index // gain.shape[2], index % gain.shape[2]
        candidates = codes.clone()
        candidates[rows, position] = code
        answer, ahead = climber.slopes(candidates)
        yield candidates, answer
        better = answer > response
        refused[rows, position, code] = True
        refused[better] = False
        codes[better], response[better] = candidates[better], answer[better]
        slope[better] = ahead[better]
