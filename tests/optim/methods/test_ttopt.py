"""Cross interpolation: exact maxima, what is shown, which combinations are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace, GaussianSpace, make_maximizer
from spikeatlas.optim.methods.ttopt import CrossSearch, TTOptOptions, _dominant
from spikeatlas.optim.types import Problem
from tests.optim.cases import Array, additive, gains, joined, run


def cross(space: CodeSpace, *seeds: int, budget: int = 200, **options: Any) -> CrossSearch:
    return CrossSearch(Problem(space, seeds, budget), TTOptOptions(**options))


def separable(factors: Array) -> Any:
    """Products of a factor for each code of each position: tensors of rank 1; (N, d, codes)."""
    positions = np.arange(factors.shape[1])
    return lambda points: factors[:, positions, points].prod(axis=2).T


@pytest.mark.parametrize("rank", [1, 2])
def test_finds_the_maximum_of_a_separable_function(rank: int) -> None:
    factors = np.random.default_rng(0).random((5, 8, 7)) + 0.1
    search = cross(CodeSpace(8, 7), *range(5), budget=400, rank=rank, quantize=False)
    run(search, separable(factors))
    assert np.array_equal(search.result().best_point, factors.argmax(axis=2))


def test_finds_the_maximum_of_a_sum_in_one_sweep() -> None:
    weights = np.random.default_rng(1).random((4, 6, 5))
    search = cross(CodeSpace(6, 5), *range(4), budget=100, quantize=False)
    run(search, lambda points: additive(weights, points))
    assert np.array_equal(search.result().best_point, weights.argmax(axis=2))


def test_a_sweep_shows_each_point_once() -> None:
    budget = 5 * 2 + 4 * (2 * 5 * 2 - 4) + (2 * 5 - 4)  # four of each core were shown before it
    search = cross(CodeSpace(6, 5), 1, budget=budget, quantize=False)
    rng = np.random.default_rng(0)
    batch, _ = joined(run(search, lambda points: rng.random((len(points), 1))))
    assert len(np.unique(batch.points, axis=0)) == len(batch)


def test_the_best_seen_stays_among_what_is_shown() -> None:
    search = cross(CodeSpace(5, 4), 3, budget=400, quantize=False, batch=1000)
    table = np.random.default_rng(2).random(4**5)
    best = 0.0
    while not search.done:
        batch = search.ask()
        responses = table[batch.points @ 4 ** np.arange(5)]
        search.tell(batch, responses[:, None])
        best = max(best, responses.max())
        assert np.nanmax(search._table) == np.float32(best)


def test_a_core_is_shown_in_parts_of_at_most_a_batch() -> None:
    search = cross(CodeSpace(6, 5), 1, 2, batch=3, quantize=False)
    sizes = [len(search.ask()) for _ in range(4)]
    assert sizes == [6, 6, 6, 2]  # 1 x 5 x 2 combinations for each neuron, three at a time


def test_parts_and_whole_learn_the_same() -> None:
    weights = np.random.default_rng(1).random((2, 6, 5))
    parts, whole = (cross(CodeSpace(6, 5), 1, 2, batch=b, quantize=False) for b in (3, 1000))
    one, _ = joined(run(parts, lambda points: additive(weights, points)))
    two, _ = joined(run(whole, lambda points: additive(weights, points)))
    assert np.array_equal(one.points, two.points)


def test_the_dominant_rows_are_the_best_and_the_largest_volume_with_it() -> None:
    rows = np.array([[[0, 0], [3, 9], [4, 1], [2, 8], [-np.inf, -np.inf]]], dtype=float)
    assert _dominant(rows, np.zeros((1, 5))).tolist() == [[1, 2]]
    assert _dominant(rows - 5, np.zeros((1, 5))).tolist() == [[1, 2]]
    flat = np.ones((1, 5, 2))
    assert _dominant(flat, np.array([[0.1, 0.9, 0.2, 0.8, 0.3]])).tolist() == [[1, 3]]
    unmeasured = np.full((1, 5, 1), -np.inf)
    assert _dominant(unmeasured, np.array([[0.1, 0.9, 0.2, 0.8, 0.3]])).tolist() == [[1, 3]]


def test_what_was_not_measured_is_not_chosen() -> None:
    search = cross(CodeSpace(6, 5), 1, rank=1, quantize=False)
    batch = search.ask()  # the five codes of the first position
    search.tell(batch, np.array([[np.nan], [0.1], [np.nan], [0.3], [0.2]]))
    assert (search.ask().points[:, 0] == batch.points[3, 0]).all()


@pytest.mark.parametrize(("positions", "codes"), [(1, 2), (1, 4), (2, 2), (1, 8), (1, 6), (2, 5)])
def test_spaces_smaller_than_the_budget(positions: int, codes: int) -> None:
    weights = np.random.default_rng(1).random((2, positions, codes))
    search = cross(CodeSpace(positions, codes), 1, 2, budget=50)
    run(search, lambda points: additive(weights, points))
    assert np.array_equal(search.result().best_point, weights.argmax(axis=2))


def test_one_position_without_quantising() -> None:
    search = cross(CodeSpace(1, 20), 1, quantize=False)
    run(search, lambda points: (points == 7).astype(float))
    assert search.result().best_point.tolist() == [[7]]


def test_silent_neurons_go_on_looking_elsewhere() -> None:
    search = cross(CodeSpace(16, 32), 1, budget=300)
    batch, _ = joined(run(search, lambda points: np.zeros((len(points), 1))))
    assert len(np.unique(batch.points, axis=0)) > 150


@pytest.mark.parametrize("space", [CodeSpace(16, 32), GaussianSpace(6, 64)], ids=["codes", "grid"])
def test_beats_random_on_planted_neurons(space: CodeSpace) -> None:
    gain = gains("ttopt", space)
    assert (gain > 0).mean() >= 0.8
    assert gain.mean() > 0.1


@pytest.mark.parametrize(
    ("space", "options", "words"),
    [
        (GaussianSpace(4, None), {}, "levels is None, .* needs a grid; set levels"),
        (CodeSpace(4, 16), {"rank": 3}, r"rank is 3; it must be a whole number in \[1, 2\]"),
        (CodeSpace(4, 16), {"quantize": 1.5}, "quantize is 1.5; it must be true or false"),
        (CodeSpace(4, 16), {"batch": 0}, "batch is 0"),
    ],
)
def test_wrong_arguments(space: CodeSpace, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_maximizer("ttopt", space, seeds=[1], budget=50, **options)
