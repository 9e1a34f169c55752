"""What the tests search: spaces, every method in every mode, neurons with a planted optimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from spikeatlas.optim import (
    Batch,
    CodeSpace,
    GaussianSpace,
    Maximizer,
    Space,
    make_maximizer,
    minimum_budget,
)

Array = npt.NDArray[Any]
Responses = Callable[[Array], Array]

SPACES: dict[str, Space] = {
    "codes": CodeSpace(16, 32),
    "quantile": GaussianSpace(6, 64, grid="quantile"),
    "uniform": GaussianSpace(6, 64, grid="uniform"),
    "continuous": GaussianSpace(6, None),
}
GRIDS = ("codes", "quantile", "uniform")


@dataclass(frozen=True)
class Case:
    """One method with options, in one space, sharing or not."""

    name: str
    space: str
    share: bool
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def budget(self) -> int:
        """Some generations and a part of one."""
        least = max(minimum_budget(self.name, **self.options), 11)
        return least + min(2 * least, 40)

    def make(self, seeds: Any = (11, 5, 42), sign: int = 1) -> Maximizer:
        space = SPACES[self.space]
        return make_maximizer(
            self.name,
            space,
            seeds=seeds,
            budget=self.budget,
            share=self.share,
            sign=sign,
            pool=pool_of(space) if self.name == "pool" else None,
            **self.options,
        )

    def __str__(self) -> str:
        options = [f"{key}={value}" for key, value in self.options.items()]
        return "-".join([self.name, *options, self.space, "share" if self.share else "alone"])


def pool_of(space: Space, count: int = 300) -> Array:
    """Points to search among."""
    return space.sample(np.random.default_rng(99), count)


GAUSSIAN = ("quantile", "continuous")
METHODS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("screened", {}, tuple(SPACES)),
    ("random", {}, tuple(SPACES)),
    *((name, {}, GRIDS) for name in ("tt", "tt-s", "tt-b", "tt-exp")),
    ("tt", {"quantize": False}, GRIDS),
    ("tt", {"steps": 3, "elites": 4, "rank": 2}, ("codes",)),
    ("pool", {}, ("codes", "continuous")),
    ("ttopt", {}, GRIDS),
    ("ttopt", {"rank": 1, "quantize": False}, ("codes",)),
    ("ga", {"population": 8, "elites": 4}, tuple(SPACES)),
    ("sep-cma", {"batch": 8}, GAUSSIAN),
    ("sphere-cma", {"batch": 8}, GAUSSIAN),
    ("cma", {"batch": 8}, GAUSSIAN),
    ("nevergrad-portfolio", {"batch": 2}, ("codes",)),
    ("nevergrad-discrete", {}, ("codes",)),
]
LIBRARIES = {"cma": "cma", "nevergrad-portfolio": "nevergrad", "nevergrad-discrete": "nevergrad"}


def library(name: str) -> list[pytest.MarkDecorator]:
    """Marks that skip the tests of a method whose library is not installed."""
    needed = LIBRARIES.get(name)
    missing = needed is not None and find_spec(needed) is None
    return [pytest.mark.skipif(missing, reason=f"{needed} is not installed")] if needed else []


CASES = [
    Case(name, space, share, options)
    for name, options, spaces in METHODS
    for space in spaces
    for share in (False, True)
    if not (share and name == "nevergrad-portfolio")  # slow, and shares nothing, as its sisters
]


@dataclass(frozen=True)
class Chain:
    """A prior of codes: the first is any, and each other the one before it plus 1, nine times in ten."""

    positions: int
    codes: int

    def sample(self, rng: np.random.Generator, count: int) -> Array:
        shape = (count, self.positions)
        return self.redraw(np.zeros(shape, np.int64), np.ones(shape, np.bool_), rng.random(shape))

    def redraw(self, points: Array, free: Array, uniform: Array) -> Array:
        drawn, first = points.copy(), np.zeros(len(points), np.int64)
        for place in range(self.positions):
            before = drawn[:, place - 1] + 1 if place else first
            usual = (uniform[:, place] < 0.9) & (place > 0)
            spread = (uniform[:, place] * 10 % 1 * self.codes).astype(np.int64)
            code = np.where(usual, before % self.codes, spread)
            drawn[:, place] = np.where(free[:, place], code, drawn[:, place])
        return drawn


def chained(points: Array, codes: int) -> Array:
    """Share of the codes that follow the one before as in a `Chain`, row by row."""
    follows = (points[:, 1:] - points[:, :-1]) % codes == 1
    return np.asarray(follows.mean(axis=1))


def _each(cases: list[Case]) -> pytest.MarkDecorator:
    marked = [pytest.param(case, marks=library(case.name)) for case in cases]
    return pytest.mark.parametrize("case", marked, ids=str)


each = _each(CASES)
each_alone = _each([case for case in CASES if not case.share])
each_shared = _each([case for case in CASES if case.share])


def planted(space: Space, neurons: int = 3, seed: int = 0) -> Responses:
    """Responses in (0, 1) of neurons that each want another point: (k, d) -> (k, N) float32."""
    wanted = space.sample(np.random.default_rng(seed), neurons)
    if isinstance(space, CodeSpace):
        weights = np.random.default_rng(seed).random((neurons, space.dim, space.codes))
        return lambda points: additive(weights, points)

    def respond(points: Array) -> Array:
        distance = ((points[:, None] - wanted) ** 2).mean(axis=2)
        return np.asarray(np.exp(-distance), dtype=np.float32)

    return respond


def gains(name: str, space: Space, budget: int = 400, **options: Any) -> Array:
    """How much more than random search a method reaches on planted neurons, (8,)."""
    seeds, respond = range(100, 108), planted(space, 8)
    searches = [
        make_maximizer("random", space, seeds=seeds, budget=budget),
        make_maximizer(name, space, seeds=seeds, budget=budget, **options),
    ]
    for search in searches:
        run(search, respond)
    chance, found = (search.result().best_response for search in searches)
    return np.asarray(found - chance)


def additive(weights: Array, points: Array) -> Array:
    """Mean weight (N, d, codes) of the codes at every position, float32 (k, N)."""
    total = weights[:, np.arange(points.shape[1]), points].mean(axis=2)
    return np.asarray(total.T, dtype=np.float32)


def run(search: Maximizer, respond: Responses) -> list[tuple[Batch, Array]]:
    """Run to the end; returns what was proposed and responded."""
    log = []
    while not search.done:
        batch = search.ask()
        log.append((batch, respond(batch.points)))
        search.tell(*log[-1])
    return log


def joined(log: list[tuple[Batch, Array]]) -> tuple[Batch, Array]:
    """One batch and one array of responses out of many."""
    batches, responses = zip(*log, strict=True)
    parts = (
        np.concatenate([getattr(b, name) for b in batches]) for name in ("points", "owner", "slot")
    )
    return Batch(*parts), np.concatenate(responses)


def same(one: Any, two: Any) -> bool:
    """Whether two batches or results hold the same numbers, NaN included."""
    return all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in ((getattr(one, part.name), getattr(two, part.name)) for part in fields(one))
    )


def visible(case: Case, batch: Batch, responses: Array) -> Array:
    """Responses a neuron may use, others NaN."""
    own = batch.owner[:, None] == np.arange(responses.shape[1])
    return np.where(own | case.share, responses, np.nan).astype(np.float32)


def history_of(case: Case, log: list[tuple[Batch, Array]], neurons: int = 3) -> Array:
    """The promised history, the slow way: the best of the first images, image by image."""
    batch, responses = joined(log)
    seen = visible(case, batch, responses)
    history = np.full((neurons, case.budget), np.nan, dtype=np.float32)
    for neuron in range(neurons):
        mine = seen[:, neuron] if case.share else seen[batch.owner == neuron, neuron]
        step = neurons if case.share else 1
        for b in range(case.budget):
            first = mine[: (b + 1) * step]
            if np.isfinite(first).any():
                history[neuron, b] = np.nanmax(first)
    return history


def firsts(case: Case, log: list[tuple[Batch, Array]]) -> Array:
    """Each neuron's first usable proposal."""
    batch = log[0][0]
    mine = (batch.owner[:, None] == np.arange(3)) | case.share
    return np.asarray(batch.points[mine.argmax(axis=0)])
