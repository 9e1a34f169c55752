"""Tensor-train search: the sampler PROTES with the presets of MANGO, for all neurons at once.

Batsheva et al., NeurIPS 2023 (arXiv 2301.12162); presets of MANGO (arXiv 2401.10748). Each
generation is drawn from a tensor-train distribution, which then moves, by Adam, towards the
likelihood of the generation's best points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from spikeatlas.optim.base import Maximizer, in_turn
from spikeatlas.optim.checks import whole
from spikeatlas.optim.methods.tt.adam import Adam
from spikeatlas.optim.methods.tt.cores import gradient
from spikeatlas.optim.methods.tt.draws import draw
from spikeatlas.optim.methods.tt.quantization import modes_of, modes_problems
from spikeatlas.optim.spaces import Indices, Points
from spikeatlas.optim.types import Batch, Options, Problem, Scores, State


@dataclass(frozen=True)
class TTOptions(Options):
    """Options of the tensor-train search.

    `batch` (>= 2): images a neuron and generation. `elites` (1 to batch): best points learnt from.
    `steps` (>= 1): Adam steps on them, of size `lr` (> 0). `rank` (>= 1): of the tensor train.
    `quantize`: turn an axis into a mode for each prime factor of its levels, q binary ones for 2^q levels, the
    least significant first.
    """

    elites: int = 1
    steps: int = 1
    lr: float = 0.05
    rank: int = 5
    quantize: bool = True

    def __post_init__(self) -> None:
        whole("batch", self.batch, 2)  # of one point nobody can learn which is better
        whole("elites", self.elites, 1, self.batch)
        whole("steps", self.steps, 1)
        whole("rank", self.rank, 1)
        if not isinstance(self.lr, int | float) or not 0 < self.lr < math.inf:
            raise ValueError(f"lr is {self.lr!r}; it must be a finite number above 0")
        if self.quantize not in (True, False):
            raise ValueError(f"quantize is {self.quantize!r}; it must be true or false")

    @property
    def minimum_budget(self) -> int:
        """One generation to learn from and one image drawn after it."""
        return self.batch + 1


class TensorTrain(Maximizer):
    """A tensor train for each neuron that learns from the best of its draws.

    Needs a space with levels: ValueError for a continuous one. Other than in PROTES, an elite that is no
    better than the worst of its generation teaches nothing: a silent or saturated neuron's model stays as it is.
    """

    preset = TTOptions()

    def __init__(self, problem: Problem, options: TTOptions) -> None:
        super().__init__(problem, options)
        self._elites, self._steps = options.elites, options.steps
        self._modes = modes_of(problem.space, quantize=options.quantize)
        shape = (self._modes.count, self._modes.size, options.rank, options.rank)
        sizes = np.array(self._modes.sizes)
        # the cores of all modes have one shape: what a smaller mode has no value for is 0, and stays so
        self._values = torch.from_numpy(np.arange(self._modes.size) < sizes[:, None])[
            ..., None, None
        ]
        cores = torch.from_numpy(np.stack([rng.random(shape) for rng in self._rngs]))
        self._cores = cores * self._values
        self._adam = Adam(self._cores, options.lr)

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that the space has no modes."""
        return modes_problems(problem.space) + super().problems(problem, options)

    def _propose(self) -> tuple[Points, Indices]:
        shape = (self.options.batch, self._modes.count)
        uniforms = torch.from_numpy(np.stack([rng.random(shape) for rng in self._rngs]))
        values = (
            draw(self._cores.transpose(0, 1), uniforms.permute(2, 0, 1)).permute(1, 2, 0).numpy()
        )
        rows, owner = in_turn(np.minimum(values, np.array(self._modes.sizes) - 1))
        return self.problem.space.from_indices(self._modes.join(rows)), owner

    def _learn(self, generation: Batch, scores: Scores) -> None:
        rows, weights, which = self._select(generation.owner, scores)
        if not len(which):
            return
        points = generation.points[rows.ravel()]
        split = self._modes.split(self.problem.space.to_indices(points))
        indices = torch.from_numpy(split).view(*rows.shape, -1).permute(2, 0, 1)
        for _ in range(self._steps):
            uphill = gradient(_by_mode(self._cores[which]), indices, torch.from_numpy(weights))
            slopes = _by_mode(uphill) * self._values
            for neuron, slope in zip(which.tolist(), slopes, strict=True):
                self._adam.climb(neuron, slope)

    def _select(
        self, owner: Indices, scores: Scores
    ) -> tuple[Indices, npt.NDArray[np.float64], Indices]:
        """Find the elites: their rows and weights (m, elites), the m neurons that have any."""
        neurons = self.problem.neurons
        count = len(owner) // neurons * neurons  # the budget may cut a round
        rows = np.argsort(owner[:count], kind="stable").reshape(neurons, -1)
        fitness = np.take_along_axis(scores.T, rows, axis=1)
        best = np.argsort(-fitness, axis=1, kind="stable")[:, : self._elites]
        worst = np.where(np.isfinite(fitness), fitness, np.inf).min(axis=1, keepdims=True)
        better = np.take_along_axis(fitness, best, axis=1) > worst
        which = np.flatnonzero(better.any(axis=1))
        weights = better[which] / better[which].sum(axis=1, keepdims=True)
        return np.take_along_axis(rows, best, axis=1)[which], weights, which

    def _state(self) -> State:
        return self._adam.state_dict()

    def _load(self, state: State) -> None:
        self._adam.load_state_dict(state)


def _by_mode(cores: torch.Tensor) -> torch.Tensor:
    """Swap neurons and modes: the functions of cores take the modes first, Adam the neurons."""
    return cores.transpose(0, 1).contiguous()
