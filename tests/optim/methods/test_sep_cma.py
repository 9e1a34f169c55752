"""Separable CMA-ES: where it starts, what it learns, what it reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace, GaussianSpace, make_maximizer
from spikeatlas.optim.methods.sep_cma import SeparableCMA, SepCMAOptions
from spikeatlas.optim.types import Problem
from tests.optim.cases import Array, gains, joined, planted, run

SPACE = GaussianSpace(32, None)


def separable(*seeds: int, starts: Array | None = None, **options: Any) -> SeparableCMA:
    problem = Problem(SPACE, seeds, 1000, starts=starts)
    return SeparableCMA(problem, SepCMAOptions(**options))


def test_starts_at_the_prior() -> None:
    points = separable(1, batch=1000).ask().points
    assert abs(points.mean()) < 0.02
    assert abs(points.std() - 1) < 0.02


def test_starts_closely_around_given_points() -> None:
    starts = SPACE.sample(np.random.default_rng(0), 4).reshape(2, 2, 32)
    batch = separable(1, 2, starts=starts, batch=500).ask()
    for neuron in (0, 1):
        moves = batch.points[batch.owner == neuron] - starts[neuron, 0]
        assert abs(moves.mean()) < 0.02
        assert abs(moves.std() - 0.3) < 0.02
    assert abs(separable(1, sigma=0.5, batch=1000).ask().points.std() - 0.5) < 0.02


@pytest.mark.parametrize("grid", ["quantile", "uniform", None])
def test_far_better_than_random_on_planted_neurons(grid: Any) -> None:
    space = GaussianSpace(32, 64, grid=grid) if grid else SPACE
    gain = gains("sep-cma", space, budget=600)
    assert (gain > 0.3).all()


def test_converges_on_an_ellipsoid() -> None:
    scales = 10 ** np.linspace(0, 1.5, 8)
    target = np.linspace(-1, 1, 8)
    search = make_maximizer("sep-cma", GaussianSpace(8, None), seeds=[1, 2], budget=3000)

    def respond(points: Array) -> Array:
        value = -(((points - target) * scales) ** 2).sum(axis=1)
        return np.repeat(value[:, None], 2, axis=1)

    run(search, respond)
    assert (search.result().best_response > -1e-6).all()
    assert isinstance(search, SeparableCMA)
    deviations = np.sqrt(search._walk._variance)
    assert (deviations[:, 0] / deviations[:, -1] > 5).all()  # 10^1.5 on the ellipsoid


def test_a_slope_to_infinity_stays_finite() -> None:
    search = separable(1)
    batch, _ = joined(run(search, lambda points: points.sum(axis=1, keepdims=True)))
    assert np.isfinite(batch.points).all()


@pytest.mark.parametrize("response", [0.0, 1.0, np.nan])
def test_a_flat_generation_teaches_nothing(response: float) -> None:
    search = separable(1, 2)
    before = search._state()
    for _ in range(3):
        search.tell(search.ask(), np.full((40, 2), response))
    after = search._state()
    assert all(bool((after[name] == before[name]).all()) for name in before)


def test_only_the_neuron_with_responses_learns() -> None:
    search = separable(1, 2)
    responses = np.zeros((40, 2))
    responses[:, 1] = np.arange(40)
    search.tell(search.ask(), responses)
    assert not search._walk._mean[0].any()
    assert search._walk._mean[1].all()


def test_what_was_not_measured_weighs_nothing() -> None:
    search = separable(1, batch=10, sigma=1)
    batch = search.ask()
    responses = np.full((10, 1), np.nan)
    responses[[2, 5]] = [[1.0], [0.0]]
    search.tell(batch, responses)
    weights = search._walk._rates.weights[:2] / search._walk._rates.weights[:2].sum()
    assert np.allclose(search._walk._mean[0], weights @ batch.points[[2, 5]])


@pytest.mark.parametrize(
    ("space", "options", "words"),
    [
        (CodeSpace(4, 16), {}, "the space is a CodeSpace, but separable CMA-ES .* say tt or ga"),
        (SPACE, {"batch": 1}, "batch is 1; it must be a whole number of at least 2"),
        (SPACE, {"sigma": 0}, "sigma is 0; it must be a finite number above 0, or None"),
        (SPACE, {"sigma": "wide"}, "sigma is 'wide'"),
    ],
)
def test_wrong_arguments(space: GaussianSpace, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_maximizer("sep-cma", space, seeds=[1], budget=50, **options)


@pytest.mark.parametrize("batch", [2, 3, 20])
def test_one_neuron_in_one_dimension(batch: int) -> None:
    space = GaussianSpace(1, 64)
    search = make_maximizer("sep-cma", space, seeds=[1], budget=100, batch=batch)
    run(search, planted(space, 1))
    assert search.result().best_response > 0.9
