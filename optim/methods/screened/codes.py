"""The screened search in a space of codes: an additive model, then evolution in lock step.

1. Screening: draws from the prior, palettes and tilings (`textures.py`), beside what was told before.
2. A first-order model of each neuron in the codebook's geometry (`anova.py`), fitted to all images.
3. Evolution: the model's best codes, small changes, crossings, moves of patches and textures, and
   patches redrawn by the space's prior (`moves.py`), each drawn as often as it has paid for this neuron.

With sharing, any image may become any neuron's best, and the model learns from every image.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeatlas.optim.methods.populations import own_rows
from spikeatlas.optim.methods.screened.anova import Anova
from spikeatlas.optim.methods.screened.mutations import LIKELY, SCALARS, Draw, Moves
from spikeatlas.optim.methods.screened.screened import ScreenedOptions, ScreenedSearch
from spikeatlas.optim.methods.screened.textures import draw_textures
from spikeatlas.optim.spaces.space import CodeSpace, Indices, Points
from spikeatlas.optim.types import Batch, Problem, Scores, State, packed, unpacked

_MEMORY = 0.95  # of what a move brought, from generation to generation
_PATIENCE = 10  # generations without a gain after which a neuron is done
_MORE = 3  # times its batch that a climbing neuron may get
_HELD = ("elite", "score", "likely", "tries", "gains", "drawn", "idle")


class ScreenedCodes(ScreenedSearch):
    """Evolution of code images from a screening."""

    def __init__(self, problem: Problem, options: ScreenedOptions, space: CodeSpace) -> None:
        super().__init__(problem, options)
        neurons, groups = problem.neurons, 1 if problem.share else problem.neurons
        self._space, self._moves = space, Moves(space)
        self._anova = Anova(space, groups, neurons)
        shape = (neurons, options.elites)
        self._elite = np.zeros((*shape, space.dim), dtype=np.int64)
        self._score = np.full(shape, -np.inf, dtype=np.float32)
        self._likely = np.zeros((neurons, space.dim, min(LIKELY, space.codes)), np.int64)
        self._tries = np.zeros((neurons, len(self._moves.all)))
        self._gains = np.zeros_like(self._tries)
        self._drawn = np.empty(0, dtype=np.int64)  # the move that made each open proposal
        self._idle = np.zeros(neurons, dtype=np.int64)  # generations without a gain
        self._generations = 0

    def _draw(self, rng: np.random.Generator, count: int) -> Points:
        return draw_textures(self._space, rng, count)

    def _propose(self) -> tuple[Points, Indices]:
        return self._evolve() if self._generations else self._screen()

    def _evolve(self) -> tuple[Points, Indices]:
        """Children of the elites, the neurons taking turns."""
        counts, dim = self._counts(), self.problem.space.dim
        width = 3 + SCALARS + 2 * dim
        pairs = zip(self._rngs, counts, strict=True)
        uniform = np.concatenate([rng.random((count, width)) for rng, count in pairs])
        owner = np.repeat(np.arange(len(counts)), counts)
        turns = np.argsort(_places(counts), kind="stable")
        owner, uniform = owner[turns], uniform[turns]
        self._drawn = self._choose(owner, uniform[:, 0])
        last = self._settings.elites - 1
        rank = np.minimum(-np.log1p(-uniform[:, 1]) * 2, last).astype(np.int64)
        mate = (uniform[:, 2] * self._settings.elites).astype(np.int64)
        return self._children(owner, rank, mate, uniform[:, 3:]), owner

    def _children(
        self, owner: Indices, rank: Indices, mate: Indices, uniform: npt.NDArray[np.float64]
    ) -> Indices:
        children = np.empty((len(owner), self.problem.space.dim), dtype=np.int64)
        scalar, place, choice = np.split(uniform, [SCALARS, SCALARS + children.shape[1]], axis=1)
        for number, move in enumerate(self._moves.all):
            which = np.flatnonzero(self._drawn == number)
            own = owner[which]
            draw = Draw(
                self._elite[own, rank[which]], self._elite[own, mate[which]],
                self._likely[own] if number == 0 else self._likely[:0],
                scalar[which], place[which], choice[which],
            )  # fmt: skip
            children[which] = move(draw)
        return children

    def _counts(self) -> Indices:
        """Children of each neuron in this generation, (N,).

        Adaptive allocation gives those that are done (saturated, or long without a gain) one child,
        and theirs to those that still climb.
        """
        batch, neurons = self._settings.batch, self.problem.neurons
        counts = np.full(neurons, batch)
        if not self.problem.adaptive:
            return counts
        done = (self._idle >= _PATIENCE) | (self._score[:, 0] == max(self.problem.sign, 0))
        climbing = neurons - int(done.sum())
        if climbing:
            counts[done] = 1
            spare = int(done.sum()) * (batch - 1)
            counts[~done] = min(batch + spare // climbing, _MORE * batch)
        return counts

    def _choose(self, owner: Indices, uniform: npt.NDArray[np.float64]) -> Indices:
        """Numbers of moves (m,): as often as they paid for the neuron, none hardly ever."""
        worth = (self._gains + 1) / (self._tries + 4) + 0.02
        bounds = np.cumsum(worth / worth.sum(axis=1, keepdims=True), axis=1)[owner, :-1]
        numbers: Indices = (uniform[:, None] > bounds).sum(axis=1)
        return numbers

    def _learn_screening(self, points: Points, scores: Scores) -> None:
        self._study(points, scores)
        codes = points.astype(np.int64, copy=False)
        self._select(np.broadcast_to(codes, (self.problem.neurons, *codes.shape)), scores.T)

    def _learn(self, generation: Batch, scores: Scores) -> None:
        points, own = self._seen(generation, scores)
        if self.problem.share:
            self._study(generation.points, scores)
        else:
            self._anova.add(points, own[..., None])
        if len(self._drawn):
            self._credit(generation, scores)
        if self._generations % self._settings.refit == 0:
            self._refit()
        best = self._score[:, 0].copy()
        self._select(points, own)
        self._idle = np.where(self._score[:, 0] > best, 0, self._idle + 1)
        self._generations += 1

    def _seen(self, generation: Batch, scores: Scores) -> tuple[Indices, Scores]:
        """The images that count for each neuron (N, k, positions), and its scores (N, k)."""
        if self.problem.share:
            points = generation.points.astype(np.int64, copy=False)
            return np.broadcast_to(points, (self.problem.neurons, *points.shape)), scores.T
        own_points, own = own_rows(generation, scores)
        return own_points.astype(np.int64, copy=False), own.astype(np.float32)

    def _study(self, points: Points, scores: Scores) -> None:
        """Let the model learn from images (k, positions) that all neurons answered to (k, N)."""
        groups = len(self._anova.gram)
        self._anova.add(
            np.broadcast_to(points, (groups, *points.shape)),
            scores[None] if groups == 1 else scores.T[..., None],
        )

    def _refit(self) -> None:
        """Fit the model to all images, and sort each position's codes by it, the best first."""
        effects, kept = self._anova.effects(), self._likely.shape[2]
        best = np.argpartition(-effects, kept - 1, axis=2)[..., :kept]
        order = np.argsort(-np.take_along_axis(effects, best, axis=2), axis=2, kind="stable")
        self._likely = np.take_along_axis(best, order, axis=2)

    def _credit(self, generation: Batch, scores: Scores) -> None:
        """Count, for every neuron and move, the children and those that join the elites."""
        count, owner = len(generation), generation.owner
        gained = scores[np.arange(count), owner] > self._score[owner, -1]
        self._tries *= _MEMORY
        self._gains *= _MEMORY
        np.add.at(self._tries, (owner, self._drawn[:count]), 1)
        np.add.at(self._gains, (owner, self._drawn[:count]), gained)

    def _select(self, points: Indices, scores: Scores) -> None:
        """Keep the best different points of points (N, k, positions) and the elites as elites.

        Among equals the newest: a response has few levels, and drifting along one finds the next.
        """
        elites, each = self._settings.elites, np.arange(len(points))[:, None]
        shown = scores.shape[1]
        scores = np.concatenate([scores, self._score], axis=1)
        top = np.argsort(-scores, axis=1, kind="stable")[:, : 3 * elites]
        score, old = np.take_along_axis(scores, top, axis=1), top >= shown
        new_points = points[each, np.where(old, 0, top)]
        old_points = self._elite[each, np.where(old, top - shown, 0)]
        candidates = np.where(old[..., None], old_points, new_points)
        twin = (candidates[:, :, None] == candidates[:, None]).all(axis=3)
        score = np.where(np.tril(twin, -1).any(axis=2), -np.inf, score)
        order = np.argsort(-score, axis=1, kind="stable")[:, :elites]
        self._elite = candidates[each, order]
        self._score = np.take_along_axis(score, order, axis=1)

    def _state(self) -> State:
        parts = {"gram": self._anova.gram, "moment": self._anova.moment}
        parts |= {name: getattr(self, f"_{name}") for name in _HELD}
        arrays = {name: packed(value) for name, value in parts.items()}
        return {**arrays, "generations": self._generations}

    def _load(self, state: State) -> None:
        if unpacked(state["tries"]).shape != self._tries.shape:
            raise ValueError(
                "the state is of another search: its moves differ; make the maximizer with the space it "
                "was saved from, with its prior or without"
            )
        self._generations = state["generations"]
        self._anova.gram, self._anova.moment = unpacked(state["gram"]), unpacked(state["moment"])
        for name in _HELD:
            setattr(self, f"_{name}", unpacked(state[name]))


def _places(counts: Indices) -> Indices:
    """0, 1, ... for each neuron's children, one neuron after the other."""
    return np.concatenate([np.arange(count) for count in counts])
