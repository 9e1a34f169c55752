"""The genetic algorithm of XDream, for all neurons at once.

Ponce et al., Cell 2019; Xiao & Kreiman, PLOS Computational Biology 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.base import Maximizer, in_turn
from spikeatlas.optim.checks import whole
from spikeatlas.optim.methods.populations import split_by_owner
from spikeatlas.optim.spaces import CodeSpace, GaussianSpace, Indices, Points, gaussian_problems
from spikeatlas.optim.types import Batch, Options, Problem, Scores, State, packed, unpacked

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GAOptions(Options):
    """Options of the genetic algorithm.

    `batch`: children a neuron and generation. `population` (>= 2): points they descend from, of
    which the best `elites` (1 to population) stay until better ones are found. `mutation` (0 to 1):
    share of the genes that change: a code becomes any other, a number moves by N(0, `step`^2).
    `temperature` (> 0): of the choice of parents, in standard deviations of the population's scores.
    """

    population: int = 20
    elites: int = 10
    mutation: float = 0.25
    step: float = 0.75
    temperature: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        whole("population", self.population, 2)
        whole("elites", self.elites, 1, self.population)
        if not isinstance(self.mutation, int | float) or not 0 <= self.mutation <= 1:
            raise ValueError(f"mutation is {self.mutation!r}; it must be a number in [0, 1]")
        for name, value in (("step", self.step), ("temperature", self.temperature)):
            if not isinstance(value, int | float) or not 0 < value < math.inf:
                raise ValueError(f"{name} is {value!r}; it must be a finite number above 0")


class GeneticSearch(Maximizer):
    """A population for each neuron that breeds: parents drawn by score, genes from either, some mutated.

    The population starts from the prior. A neuron whose population is not full, or all equal, goes
    on drawing from the prior: nothing says which genes are good. With sharing, an image that another
    neuron proposed enters the population as if it were the neuron's. Searches codes and Gaussian latents.
    """

    preset = GAOptions()

    def __init__(self, problem: Problem, options: GAOptions) -> None:
        super().__init__(problem, options)
        self._settings = options
        shape = (problem.neurons, options.population)
        self._members = np.zeros((*shape, problem.space.dim), dtype=problem.space.dtype)
        self._fitness = np.full(shape, -np.inf)  # -inf: an empty place

    @classmethod
    def problems(cls, problem: Problem, options: Any) -> list[str]:
        """Say that the space is neither of codes nor Gaussian."""
        codes = isinstance(problem.space, CodeSpace)
        problems = [] if codes else gaussian_problems(problem.space, "the genetic algorithm")
        return problems + super().problems(problem, options)

    def _propose(self) -> tuple[Points, Indices]:
        space, count = self.problem.space, self.options.batch
        lowest, highest = self._fitness.min(axis=1), self._fitness.max(axis=1)
        breeds = np.isfinite(lowest) & (lowest < highest)
        points = np.empty((len(breeds), count, space.dim), dtype=space.dtype)
        if not breeds.all():
            rngs = [self._rngs[neuron] for neuron in np.flatnonzero(~breeds)]
            points[~breeds] = space.sample_each(rngs, count)
        if breeds.any():
            points[breeds] = self._children(np.flatnonzero(breeds))
        return in_turn(points)

    def _children(self, which: Indices) -> Points:
        """Breed a generation (m, batch, d) of each of the m neurons `which`."""
        count, dim = self.options.batch, self.problem.space.dim
        rngs = [self._rngs[neuron] for neuron in which]
        wheel = self._chances(which).cumsum(axis=1)
        spins = np.stack([rng.random((count, 2)) for rng in rngs])
        parents = (spins[..., None] >= wheel[:, None, None, :-1]).sum(axis=3)
        first, second = (
            self._members[which[:, None], parents[..., parent]] for parent in (0, 1)
        )  # (m, batch, d)
        chances = np.stack([rng.random((2, count, dim)) for rng in rngs])
        genes = np.where(chances[:, 0] < 0.5, first, second)
        mutates = chances[:, 1] < self._settings.mutation
        return self._mutate(genes, mutates, rngs)

    def _chances(self, which: Indices) -> Numbers:
        """Return the chance (m, population) of every member to be a parent."""
        fitness = self._fitness[which]
        spread = fitness.std(axis=1, keepdims=True) * self._settings.temperature
        chances = np.exp((fitness - fitness.max(axis=1, keepdims=True)) / spread)
        normal: Numbers = chances / chances.sum(axis=1, keepdims=True)
        return normal

    def _mutate(
        self, genes: Points, mutates: npt.NDArray[np.bool_], rngs: list[np.random.Generator]
    ) -> Points:
        space, shape = self.problem.space, genes.shape
        if isinstance(space, CodeSpace):
            others = np.stack([rng.integers(1, space.codes, size=shape[1:]) for rng in rngs])
            return np.where(mutates, (genes + others) % space.codes, genes)
        assert isinstance(space, GaussianSpace)
        steps = np.stack([rng.standard_normal(shape[1:]) for rng in rngs])
        return space.nearest(genes + self._settings.step * steps * mutates)

    def _learn(self, generation: Batch, scores: Scores) -> None:
        """Keep the elites of the population and the generation, then the best of the generation."""
        size, elites = self._settings.population, self._settings.elites
        points, fitness = self._rivals(generation, scores)
        fitness = np.concatenate([self._fitness, fitness], axis=1)
        new = np.arange(fitness.shape[1]) >= size
        order = np.argsort(-fitness, axis=1, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(order.shape[1])[None], axis=1)
        group = np.where(ranks < elites, 0, np.where(new, 1, 2))
        group[~np.isfinite(fitness)] = 3
        survivors = np.lexsort((ranks, group), axis=1)[:, :size]
        neurons = np.arange(len(survivors))[:, None]
        old_points = self._members[neurons, np.minimum(survivors, size - 1)]
        new_points = points[neurons, np.maximum(survivors - size, 0)]
        self._members = np.where((survivors < size)[..., None], old_points, new_points)
        self._fitness = fitness[neurons, survivors]

    def _rivals(self, generation: Batch, scores: Scores) -> tuple[Points, Numbers]:
        """Return the points (N, k, d) that may enter the populations, and their scores (N, k)."""
        if not self.problem.share:
            return split_by_owner(generation, scores)
        best = np.argsort(-scores, axis=0, kind="stable")[: self._settings.population]
        fitness = np.take_along_axis(scores, best, axis=0)
        return generation.points[best.T], fitness.T.astype(np.float64)

    def _state(self) -> State:
        return {"members": packed(self._members), "fitness": packed(self._fitness)}

    def _load(self, state: State) -> None:
        self._members = unpacked(state["members"])
        self._fitness = unpacked(state["fitness"])
