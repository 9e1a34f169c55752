"""The screened search of Gaussian latents: it finds each neuron's direction, and by its linear model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import GaussianSpace, make_maximizer
from spikeatlas.optim.methods.screened import ScreenedOptions, ScreenedSearch
from spikeatlas.optim.methods.screened.gaussian import GaussianRefinement
from spikeatlas.optim.types import Problem
from tests.optim.cases import Array, Responses, run

DIM, NEURONS = 24, 8
SEEDS = range(100, 100 + NEURONS)
SPACES = {
    "continuous": GaussianSpace(DIM, None),
    "quantile": GaussianSpace(DIM, 64),
    "uniform": GaussianSpace(DIM, 64, grid="uniform"),
}
every_space = pytest.mark.parametrize("name", SPACES)
_normal = np.random.default_rng(0).standard_normal((NEURONS, DIM))
TARGETS = _normal / np.linalg.norm(_normal, axis=1, keepdims=True)


def cosines(points: Array) -> Array:
    """Cosine (k, N) of points and the neurons' directions."""
    length = np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    return np.asarray(points @ TARGETS.T / length, dtype=np.float32)


def linear(points: Array) -> Array:
    """Responses in (0, 1) to a direction, whatever the contrast."""
    return np.asarray((1 + cosines(points)) / 2)


def even(points: Array) -> Array:
    """Responses to a direction or its opposite: no linear model knows of them."""
    return np.asarray(np.abs(points @ TARGETS.T) / 10, dtype=np.float32)


def best_cosines(name: str, space: GaussianSpace, respond: Responses, **options: Any) -> Array:
    """Each neuron's cosine of the best point with its direction."""
    search = make_maximizer(name, space, seeds=SEEDS, budget=300, **options)
    run(search, respond)
    return np.diag(cosines(search.result().best_point))


@every_space
def test_finds_a_direction_better_than_spherical_cma(name: str) -> None:
    screened = best_cosines("screened", SPACES[name], linear, share=True)
    spherical = best_cosines("sphere-cma", SPACES[name], linear, share=True)
    assert (screened > 0.97).all()
    assert (screened > spherical).sum() >= 6


@every_space
def test_isolated_neurons_too(name: str) -> None:
    assert (best_cosines("screened", SPACES[name], linear) > 0.9).all()


@every_space
@pytest.mark.parametrize("share", [False, True])
def test_an_even_neuron(name: str, *, share: bool) -> None:
    searches = []
    for method in ("random", "screened"):
        searches.append(make_maximizer(method, SPACES[name], seeds=SEEDS, budget=300, share=share))
        run(searches[-1], even)
    chance, screened = (search.result() for search in searches)
    assert (screened.best_response > 1.4 * chance.best_response).all()
    assert (np.abs(np.diag(cosines(screened.best_point))) > 0.6).all()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("case", ["shared", "shared and told", "told", "alone", "started"])
def test_after_the_screening_the_linear_model_is_tried(case: str, sign: int) -> None:
    space, rng = SPACES["continuous"], np.random.default_rng(1)
    search = make_maximizer(
        "screened",
        space,
        seeds=SEEDS,
        budget=1000,
        share=case in ("shared", "shared and told", "started"),
        sign=sign,
        starts=space.sample(rng, NEURONS)[:, None] if case == "started" else None,
    )
    if "told" in case:
        images = space.sample(rng, 300)
        search.tell_screening(images, linear(images))
    batch = search.ask()
    search.tell(batch, linear(batch.points))
    arc = search.ask()
    last = sign * np.array([cosines(arc.points[arc.owner == n])[-1, n] for n in range(NEURONS)])
    assert (last > 0.8).all()


def test_the_arc_leads_from_the_best_image_on_the_sphere() -> None:
    space = SPACES["continuous"]
    search = make_maximizer("screened", space, seeds=[1, 2], budget=200, share=True)
    batch = search.ask()
    responses = linear(batch.points)[:, :2]
    search.tell(batch, responses)
    arc = search.ask()
    assert np.allclose(np.linalg.norm(arc.points, axis=1), np.sqrt(DIM), rtol=1e-5)
    best = batch.points[responses.argmax(axis=0)]
    first = arc.points[:2]
    assert np.allclose(
        first, best * np.sqrt(DIM) / np.linalg.norm(best, axis=1)[:, None], atol=1e-5
    )


@pytest.mark.parametrize("share", [False, True])
def test_a_start_is_the_best_from_the_beginning(*, share: bool) -> None:
    space = SPACES["quantile"]
    starts = space.from_indices(space.to_indices(TARGETS[:2] * np.sqrt(DIM)))[:, None]
    search = make_maximizer("screened", space, seeds=[1, 2], budget=100, share=share, starts=starts)
    first = search.ask()
    assert np.array_equal(first.points[:2], starts[:, 0])
    assert first.owner[:2].tolist() == [0, 1]
    search.tell(first, linear(first.points)[:, :2])
    run(search, lambda points: 0.9 * linear(points)[:, :2])
    assert np.array_equal(search.result().best_point, starts[:, 0])


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("levels", [None, 8])
def test_one_dimension(levels: int | None, *, share: bool) -> None:
    space = GaussianSpace(1, levels)
    search = make_maximizer("screened", space, seeds=[1, 2], budget=60, share=share)
    run(search, lambda points: np.exp(-((points - np.array([[1.0, -1.0]])) ** 2)))
    assert np.abs(search.result().best_point[:, 0] - [1, -1]).max() < 0.15


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("response", [0.0, 1.0, np.nan])
def test_flat_neurons_spend_their_budget(response: float, *, share: bool) -> None:
    space = SPACES["quantile"]
    search = make_maximizer("screened", space, seeds=[1, 2], budget=45, share=share)
    log = run(search, lambda points: np.full((len(points), 2), response))
    assert sum(len(batch) for batch, _ in log) == 90
    assert all(space.contains(batch.points).all() for batch, _ in log)


def test_the_linear_model_is_a_ridge_regression() -> None:
    space, rng = SPACES["continuous"], np.random.default_rng(2)
    problem = Problem(space, (1, 2), 500, share=True)
    search = ScreenedSearch(problem, ScreenedOptions(batch=2))
    points = space.sample(rng, 100)
    responses = linear(points)[:, :2]
    responses[3] = np.nan  # left out
    search.tell_screening(points, responses)
    answered = np.delete(np.arange(100), 3)
    rows = points[answered].astype(np.float64)
    scores = responses[answered] - responses[answered].mean(axis=0)
    middle = rows - rows.mean(axis=0)
    weights = np.linalg.solve(middle.T @ middle + 10 * np.eye(DIM), middle.T @ scores)
    assert isinstance(search._refinement, GaussianRefinement)
    last = search._refinement._arc()[:, -1]
    assert np.allclose(last, (weights / np.linalg.norm(weights, axis=0)).T, atol=1e-6)
