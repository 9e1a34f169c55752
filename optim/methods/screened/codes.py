"""The refinement of codes: an additive model, then evolution in lock step.

1. Screening: draws from the prior, palettes and tilings (`textures.py`), beside what was told before.
2. A first-order model of each neuron in the codebook's geometry (`anova.py`), fitted to all images. After each fit
   its best image is shown, and the best so far with half of that image's codes.
3. Evolution: the model's likely codes, small changes, crossings, patches and textures put elsewhere, and
   patches redrawn by the space's prior (`mutations.py`), each as often as it has paid for this neuron.

With sharing, any image may become any neuron's best, and the model learns from every image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.methods.populations import split_by_owner
from spikeatlas.optim.methods.screened.base import Refinement, ScreenedOptions
from spikeatlas.optim.methods.screened.code_model import CodeModel
from spikeatlas.optim.methods.screened.mutations import SCALARS, Draw, Mutations
from spikeatlas.optim.methods.screened.textures import draw_textures
from spikeatlas.optim.spaces import CodeSpace, Indices, Points
from spikeatlas.optim.types import Batch, Problem, Scores, State, packed, unpacked

_MEMORY = 0.95  # of a mutation's gains, from generation to generation
_PATIENCE = 10  # generations without a gain after which a neuron is done
_MORE = 3  # times its batch that a climbing neuron may get
_ARRAYS = ("elite", "score", "tries", "gains", "numbers", "idle")


class CodeEvolution(Refinement):
    """Evolution of code images from a screening."""

    can_adapt = True

    def __init__(
        self, problem: Problem, options: ScreenedOptions, rngs: Sequence[np.random.Generator]
    ) -> None:
        super().__init__(problem, options, rngs)
        assert isinstance(problem.space, CodeSpace)
        self._space = space = problem.space
        neurons = problem.neurons
        self._mutations = Mutations(space)
        self._model = CodeModel(space, neurons, share=problem.share, growth=options.growth)
        shape = (neurons, options.elites)
        self._elite = np.zeros((*shape, space.dim), dtype=np.int64)
        self._score = np.full(shape, -np.inf, dtype=np.float32)
        self._tries = np.zeros((neurons, len(self._mutations.all)))
        self._gains = np.zeros_like(self._tries)
        self._numbers = np.empty(0, dtype=np.int64)  # the mutation that made each proposal
        self._idle = np.zeros(neurons, dtype=np.int64)  # generations without a gain

    def draw(self, rng: np.random.Generator, count: int) -> Points:
        """Draw images (count, d) of textures and from the prior."""
        return draw_textures(self._space, rng, count)

    def propose(self) -> tuple[Points, Indices]:
        """Return children of the elites, the neurons taking turns."""
        counts, dim = self._counts(), self._space.dim
        width = 3 + SCALARS + 2 * dim
        pairs = zip(self.rngs, counts, strict=True)
        uniform = np.concatenate([rng.random((count, width)) for rng, count in pairs])
        owner, turn = np.repeat(np.arange(len(counts)), counts), _ranks(counts)
        turns = np.argsort(turn, kind="stable")
        owner, turn, uniform = owner[turns], turn[turns], uniform[turns]
        self._numbers = self._choose(owner, uniform[:, 0])
        last = self.options.elites - 1
        rank = np.minimum(-np.log1p(-uniform[:, 1]) * 2, last).astype(np.int64)
        mate = (uniform[:, 2] * self.options.elites).astype(np.int64)
        children = self._children(owner, rank, mate, uniform[:, 3:])
        if self._model.fresh:
            self._show_model(children, owner, turn, uniform[:, -dim:] < 1 / 2)
        return children, owner

    def _show_model(
        self, children: Indices, owner: Indices, turn: Indices, half: npt.NDArray[np.bool_]
    ) -> None:
        """Let a model's best images, where they are new, and the best so far with half of such codes be the first children."""
        best, bold = self._model.likely[owner, :, 0], self._model.bold[owner]
        mixed = np.where(half, best, self._elite[owner, 0])
        news = self._model.news[owner]
        # half of a generation, at least, is evolution's
        proposals = ((best, news[:, 0]), (bold, news[:, 1]), (mixed, news[:, 0]))
        for place, (images, new) in enumerate(proposals[: max(self.options.batch // 2, 1)]):
            rows = (turn == place) & (new == 1)
            children[rows], self._numbers[rows] = images[rows], 0

    def _children(
        self, owner: Indices, rank: Indices, mate: Indices, uniform: npt.NDArray[np.float64]
    ) -> Indices:
        children = np.empty((len(owner), self._space.dim), dtype=np.int64)
        scalar, position, choice = np.split(uniform, [SCALARS, SCALARS + children.shape[1]], axis=1)
        for number, mutate in enumerate(self._mutations.all):
            which = np.flatnonzero(self._numbers == number)
            neurons = owner[which]
            draw = Draw(
                parent=self._elite[neurons, rank[which]],
                mate=self._elite[neurons, mate[which]],
                likely=self._model.likely[neurons if number == 0 else neurons[:0]],
                scalar=scalar[which],
                position=position[which],
                choice=choice[which],
            )
            children[which] = mutate(draw)
        return children

    def _counts(self) -> Indices:
        """Return the number of children of each neuron in this generation, (N,).

        Adaptive allocation gives those that are done (saturated, or long without a gain) one child,
        and theirs to those that still climb.
        """
        batch, neurons = self.options.batch, self.problem.neurons
        counts = np.full(neurons, batch)
        if not self.problem.adaptive:
            return counts
        done = (self._idle >= _PATIENCE) | (self._score[:, 0] >= self.problem.best_score)
        climbing = neurons - int(done.sum())
        if climbing:
            counts[done] = 1
            spare = int(done.sum()) * (batch - 1)
            counts[~done] = min(batch + spare // climbing, _MORE * batch)
        return counts

    def _choose(self, owner: Indices, uniform: npt.NDArray[np.float64]) -> Indices:
        """Choose mutations by number (m,): as often as they paid for the neuron, none hardly ever."""
        worth = (self._gains + 1) / (self._tries + 4) + 0.02
        bounds = np.cumsum(worth / worth.sum(axis=1, keepdims=True), axis=1)[owner, :-1]
        numbers: Indices = (uniform[:, None] > bounds).sum(axis=1)
        return numbers

    def learn_screening(self, points: Points, scores: Scores) -> None:
        """Learn from images (k, positions) that all neurons answered to beforehand, scores (k, N)."""
        self._model.learn(points, scores)
        codes = points.astype(np.int64, copy=False)
        self._select(np.broadcast_to(codes, (self.problem.neurons, *codes.shape)), scores.T)

    def learn(self, generation: Batch, scores: Scores) -> None:
        """Learn from a generation's scores (k, N): the model, the mutations' worth, the elites."""
        points, fitness = self._teach(generation, scores)
        if len(self._numbers):
            self._credit(generation, scores)
        self._model.refit()
        best = self._score[:, 0].copy()
        self._select(points, fitness)
        self._idle = np.where(self._score[:, 0] > best, 0, self._idle + 1)
        self.generations += 1

    def learn_proposals(self, generation: Batch, scores: Scores) -> None:
        """Learn from images that no mutation made."""
        self._select(*self._teach(generation, scores))
        self._numbers = self._numbers[:0]

    def _teach(self, generation: Batch, scores: Scores) -> tuple[Indices, Scores]:
        """Let the model learn a generation; return the images that count for each neuron, and its scores, as ``_usable``."""
        points, fitness = self._usable(generation, scores)
        if self.problem.share:
            self._model.learn(generation.points, scores)
        else:
            self._model.learn_apart(points, fitness, len(generation))
        return points, fitness

    def _usable(self, generation: Batch, scores: Scores) -> tuple[Indices, Scores]:
        """Return the images that count for each neuron (N, k, positions), and its scores (N, k)."""
        if self.problem.share:
            codes = generation.points.astype(np.int64, copy=False)
            return np.broadcast_to(codes, (self.problem.neurons, *codes.shape)), scores.T
        points, fitness = split_by_owner(generation, scores)
        return points.astype(np.int64, copy=False), fitness.astype(np.float32)

    def _credit(self, generation: Batch, scores: Scores) -> None:
        """Count, for every neuron and mutation, the children and those that join the elites."""
        count, owner = len(generation), generation.owner
        gains = scores[np.arange(count), owner] > self._score[owner, -1]
        self._tries *= _MEMORY
        self._gains *= _MEMORY
        np.add.at(self._tries, (owner, self._numbers[:count]), 1)
        np.add.at(self._gains, (owner, self._numbers[:count]), gains)

    def _select(self, points: Indices, scores: Scores) -> None:
        """Select the best different points of points (N, k, positions) and the elites as elites.

        Among equals the newest: a response has few levels, and drifting along one finds the next.
        """
        elites, neurons = self.options.elites, np.arange(len(points))[:, None]
        count = scores.shape[1]
        scores = np.concatenate([scores, self._score], axis=1)
        top = np.argsort(-scores, axis=1, kind="stable")[:, : 3 * elites]
        score, old = np.take_along_axis(scores, top, axis=1), top >= count
        new_points = points[neurons, np.where(old, 0, top)]
        old_points = self._elite[neurons, np.where(old, top - count, 0)]
        candidates = np.where(old[..., None], old_points, new_points)
        twin = (candidates[:, :, None] == candidates[:, None]).all(axis=3)
        score = np.where(np.tril(twin, -1).any(axis=2), -np.inf, score)
        order = np.argsort(-score, axis=1, kind="stable")[:, :elites]
        self._elite = candidates[neurons, order]
        self._score = np.take_along_axis(score, order, axis=1)

    def state_dict(self) -> State:
        """Copy the model, the elites and the mutations' worth."""
        arrays = {name: packed(getattr(self, f"_{name}")) for name in _ARRAYS}
        return {**arrays, "model": self._model.state_dict(), "generations": self.generations}

    def load_state_dict(self, state: State) -> None:
        """Put back a copy that `state_dict` made; ValueError where its mutations differ."""
        if unpacked(state["tries"]).shape != self._tries.shape:
            raise ValueError(
                "the state is of another search: its mutations differ; make the maximizer with the space it "
                "was saved from, with its prior or without"
            )
        self.generations = state["generations"]
        self._model.load_state_dict(state["model"])
        for name in _ARRAYS:
            setattr(self, f"_{name}", unpacked(state[name]))


def _ranks(counts: Indices) -> Indices:
    """Return 0, 1, ... for each neuron's children, one neuron after the other."""
    return np.concatenate([np.arange(count) for count in counts])
