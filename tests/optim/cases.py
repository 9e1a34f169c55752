"""Cases of the tests: spaces, every method in every mode, neurons with a planted optimum."""

from __future__ import annotations

import functools
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
    MethodLike,
    Problem,
    Space,
    make_maximizer,
    method_names,
    minimum_budget,
    uses_pool,
    uses_student,
)
from spikeatlas.optim.registry import find_method
from tests.optim.drift import Drift
from tests.optim.pupil import Pupil

Array = npt.NDArray[Any]
Responses = Callable[[Array], Array]

SPACES: dict[str, Space] = {
    "codes": CodeSpace(16, 32),
    "quantile": GaussianSpace(6, 64, grid="quantile"),
    "uniform": GaussianSpace(6, 64, grid="uniform"),
    "continuous": GaussianSpace(6, None),
    "twelve codes": CodeSpace(6, 12),
}
GRIDS = ("codes", "quantile", "uniform")
USUAL = (*GRIDS, "continuous")
"""Spaces that every method is tried in; the other is for those that take levels apart."""


@dataclass(frozen=True, eq=False)
class Case:
    """One method with options, in one space, sharing or not."""

    method: MethodLike
    space: str
    share: bool
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def budget(self) -> int:
        """Some generations and a part of one."""
        least = max(minimum_budget(self.method, **self.options), 11)
        return least + min(2 * least, 40)

    def make(self, seeds: Any = (11, 5, 42), sign: int = 1) -> Maximizer:
        space = SPACES[self.space]
        return make_maximizer(
            self.method,
            space,
            seeds=seeds,
            budget=self.budget,
            share=self.share,
            sign=sign,
            pool=pool_of(space) if uses_pool(self.method) else None,
            student=Pupil() if uses_student(self.method) else None,
            **self.options,
        )

    def __str__(self) -> str:
        options = [f"{key}={value}" for key, value in self.options.items()]
        return "-".join(
            [title(self.method), *options, self.space, "share" if self.share else "alone"]
        )


def pool_of(space: Space, count: int = 300) -> Array:
    """Points to search among."""
    return space.sample(np.random.default_rng(99), count)


def title(method: MethodLike) -> str:
    return method if isinstance(method, str) else find_method(method).search.__name__


Setting = tuple[dict[str, Any], tuple[str, ...]]
"""Options, and the names of the spaces to search with them."""
GAUSSIAN = ("quantile", "continuous")
SETTINGS: dict[MethodLike, list[Setting]] = {
    "tt": [
        ({}, (*GRIDS, "twelve codes")),
        ({"quantize": False}, GRIDS),
        ({"steps": 3, "elites": 4, "rank": 2}, ("codes",)),
    ],
    "pool": [({}, ("codes", "continuous"))],
    "ttopt": [({}, (*GRIDS, "twelve codes")), ({"rank": 1, "quantize": False}, ("codes",))],
    "ga": [({"population": 8, "elites": 4}, USUAL)],
    "sep-cma": [({"batch": 8}, GAUSSIAN)],
    "sphere-cma": [({"batch": 8}, GAUSSIAN)],
    "cma": [({"batch": 8}, GAUSSIAN)],
    "nevergrad-portfolio": [({"batch": 2}, ("codes",))],
    "nevergrad-discrete": [({}, ("codes",))],
}
"""Settings other than a method's preset in every space that it can search."""


def searchable(method: MethodLike) -> tuple[str, ...]:
    """Return the names of the spaces that a method can search."""
    member = find_method(method)

    def fits(space: Space) -> bool:
        problem = Problem(space, (1,), 300, pool=pool_of(space), student=Pupil())
        return not member.search.problems(problem, member.preset)

    return tuple(name for name in USUAL if fits(SPACES[name]))


EVERY_METHOD: tuple[MethodLike, ...] = (*method_names(), Drift)
"""The table, and one of a user's own."""
METHODS: list[tuple[MethodLike, dict[str, Any], tuple[str, ...]]] = [
    (method, options, spaces)
    for method in EVERY_METHOD
    for options, spaces in SETTINGS.get(method) or [({}, searchable(method))]
]
"""Every method with its settings."""


def library_of(method: MethodLike) -> str | None:
    """Return the module of the library that a method needs, if any."""
    return getattr(find_method(method).search, "library", None)


LIBRARIES = [name for name in method_names() if library_of(name)]


def library(method: MethodLike) -> list[pytest.MarkDecorator]:
    """Return marks that skip the tests of a method whose library is not installed."""
    name = library_of(method)
    missing = name is not None and find_spec(name) is None
    return [pytest.mark.skipif(missing, reason=f"{name} is not installed")] if name else []


CASES = [
    Case(method, space, share, options)
    for method, options, spaces in METHODS
    for space in spaces
    for share in (False, True)
    if not (share and method == "nevergrad-portfolio")  # slow, and shares nothing, as its sisters
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
        codes, first = points.copy(), np.zeros(len(points), np.int64)
        for position in range(self.positions):
            before = codes[:, position - 1] + 1 if position else first
            usual = (uniform[:, position] < 0.9) & (position > 0)
            spread = (uniform[:, position] * 10 % 1 * self.codes).astype(np.int64)
            code = np.where(usual, before % self.codes, spread)
            codes[:, position] = np.where(free[:, position], code, codes[:, position])
        return codes


def chained(points: Array, codes: int) -> Array:
    """Share of the codes that follow the one before as in a `Chain`, row by row."""
    follows = (points[:, 1:] - points[:, :-1]) % codes == 1
    return np.asarray(follows.mean(axis=1))


def parametrize_cases(cases: list[Case]) -> pytest.MarkDecorator:
    marked = [pytest.param(case, marks=library(case.method)) for case in cases]
    return pytest.mark.parametrize("case", marked, ids=str)


every_case = parametrize_cases(CASES)
every_isolated_case = parametrize_cases([case for case in CASES if not case.share])
every_sharing_case = parametrize_cases([case for case in CASES if case.share])


def planted(space: Space, neurons: int = 3, seed: int = 0) -> Responses:
    """Return neurons, each with another best point: (k, d) -> responses (k, N) in (0, 1), float32."""
    targets = space.sample(np.random.default_rng(seed), neurons)
    if isinstance(space, CodeSpace):
        weights = np.random.default_rng(seed).random((neurons, space.dim, space.codes))
        return lambda points: additive(weights, points)

    def respond(points: Array) -> Array:
        distance = ((points[:, None] - targets) ** 2).mean(axis=2)
        return np.asarray(np.exp(-distance), dtype=np.float32)

    return respond


def gains(method: MethodLike, space: Space, budget: int = 400, **options: Any) -> Array:
    """Return the gain of a method over random search on planted neurons, (8,)."""
    seeds, respond = range(100, 108), planted(space, 8)
    searches = [
        make_maximizer("random", space, seeds=seeds, budget=budget),
        make_maximizer(method, space, seeds=seeds, budget=budget, **options),
    ]
    for search in searches:
        run(search, respond)
    chance, best = (search.result().best_response for search in searches)
    return np.asarray(best - chance)


def additive(weights: Array, points: Array) -> Array:
    """Mean weight (N, d, codes) of the codes at every position, float32 (k, N)."""
    total = weights[:, np.arange(points.shape[1]), points].mean(axis=2)
    return np.asarray(total.T, dtype=np.float32)


def run(search: Maximizer, respond: Responses) -> list[tuple[Batch, Array]]:
    """Run to the end; return the batches and the responses to them."""
    log = []
    while not search.done:
        batch = search.ask()
        log.append((batch, respond(batch.points)))
        search.tell(*log[-1])
    return log


@functools.cache
def finished(case: Case) -> tuple[Maximizer, list[tuple[Batch, Array]]]:
    """Return a case's undisturbed search, at its end, and its log: made once, read only."""
    search = case.make()
    return search, run(search, planted(SPACES[case.space]))


def joined(log: list[tuple[Batch, Array]]) -> tuple[Batch, Array]:
    """Join many batches and their responses to one."""
    batches, responses = zip(*log, strict=True)
    parts = (
        np.concatenate([getattr(b, name) for b in batches]) for name in ("points", "owner", "slot")
    )
    return Batch(*parts), np.concatenate(responses)


def same(one: Any, two: Any) -> bool:
    """Tell if two batches or results hold the same numbers, NaN included."""
    return all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in ((getattr(one, part.name), getattr(two, part.name)) for part in fields(one))
    )


def visible(case: Case, batch: Batch, responses: Array) -> Array:
    """Return the responses that a neuron may use, others NaN."""
    by_owner = batch.owner[:, None] == np.arange(responses.shape[1])
    return np.where(by_owner | case.share, responses, np.nan).astype(np.float32)


def history_of(case: Case, log: list[tuple[Batch, Array]], neurons: int = 3) -> Array:
    """Return the history the slow way: the best of the first images, image by image."""
    batch, responses = joined(log)
    usable = visible(case, batch, responses)
    history = np.full((neurons, case.budget), np.nan, dtype=np.float32)
    for neuron in range(neurons):
        mine = usable[:, neuron] if case.share else usable[batch.owner == neuron, neuron]
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
