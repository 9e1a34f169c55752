"""What the tests search: spaces, every method in every mode, neurons with a planted optimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from optim import (
    Batch,
    CodeSpace,
    GaussianSpace,
    Maximizer,
    Space,
    make_maximizer,
    method_names,
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
        return make_maximizer(
            self.name,
            SPACES[self.space],
            seeds=seeds,
            budget=self.budget,
            share=self.share,
            sign=sign,
            **self.options,
        )

    def __str__(self) -> str:
        options = [f"{key}={value}" for key, value in self.options.items()]
        return "-".join([self.name, *options, self.space, "share" if self.share else "alone"])


METHODS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("random", {}, tuple(SPACES)),
    *((name, {}, GRIDS) for name in method_names() if name != "random"),
    ("tt", {"quantize": False}, GRIDS),
    ("tt", {"steps": 3, "elites": 4, "rank": 2}, ("codes",)),
]
CASES = [
    Case(name, space, share, options)
    for name, options, spaces in METHODS
    for space in spaces
    for share in (False, True)
]
each = pytest.mark.parametrize("case", CASES, ids=str)
each_alone = pytest.mark.parametrize("case", [c for c in CASES if not c.share], ids=str)
each_shared = pytest.mark.parametrize("case", [c for c in CASES if c.share], ids=str)


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
