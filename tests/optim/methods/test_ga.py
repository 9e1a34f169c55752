"""The genetic algorithm: who enters the population, who breeds, what children are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace, GaussianSpace, make_maximizer
from spikeatlas.optim.methods.ga import GAOptions, GeneticSearch
from spikeatlas.optim.types import Problem
from tests.optim.cases import SPACES, USUAL, Array, gains

SPACE = CodeSpace(16, 32)


def genetic(*seeds: int, share: bool = False, **options: Any) -> GeneticSearch:
    return GeneticSearch(Problem(SPACE, seeds, 200, share), GAOptions(**options))


def grown(search: GeneticSearch, responses: Array) -> Array:
    """Show a generation and tell; return the points."""
    batch = search.ask()
    search.tell(batch, responses)
    return batch.points


def test_children_have_their_parents_genes_but_for_the_mutated() -> None:
    search = genetic(1, batch=20, mutation=0)
    parents = grown(search, np.arange(20.0)[:, None])
    children = search.ask().points
    assert (children[:, None] == parents).any(axis=1).all()
    assert not (children[:, None] == parents).all(axis=2).any(axis=1).all()  # of two parents


@pytest.mark.parametrize("mutation", [0.25, 1.0])
def test_as_many_genes_mutate_as_was_asked(mutation: float) -> None:
    search = genetic(1, batch=100, population=2, elites=2, mutation=mutation)
    responses = np.zeros((100, 1))
    responses[[3, 4]] = [[1.0], [0.9]]
    first, second = grown(search, responses)[[3, 4]]
    children = search.ask().points
    mutated = (children != first) & (children != second)
    if mutation == 1:
        assert mutated.mean() > 0.95  # a mutated gene may be the other parent's
    else:
        assert abs(mutated.mean() - mutation) < 0.03


def test_gaussian_genes_move_by_the_step() -> None:
    space = GaussianSpace(50, None)
    options = GAOptions(batch=50, population=2, elites=2, mutation=1, step=0.75)
    search = GeneticSearch(Problem(space, (1,), 200), options)
    points = search.ask().points.copy()
    responses = np.zeros((50, 1))
    responses[3] = 1  # far above the other: always both parents
    search.tell(search.pending, responses)
    search._fitness[0, 1] = -1e9
    search._members[0, 1] = points[3]
    moves = search.ask().points - points[3]
    assert abs(moves.std() - 0.75) < 0.03
    assert abs(moves.mean()) < 0.05


def test_better_members_are_parents_more_often() -> None:
    search = genetic(1, batch=20)
    grown(search, np.arange(20.0)[:, None])
    chances = search._chances(np.array([0]))[0]
    assert np.isclose(chances.sum(), 1)
    assert (np.diff(chances[np.argsort(search._fitness[0])]) > 0).all()


def test_elites_stay_and_the_rest_is_the_newest() -> None:
    search = genetic(1, batch=4, population=4, elites=2)
    grown(search, np.array([[9.0], [8], [7], [6]]))
    grown(search, np.array([[1.0], [2], [3], [np.nan]]))
    assert search._fitness.tolist() == [[9, 8, 3, 2]]
    grown(search, np.array([[8.5], [np.nan], [0], [np.nan]]))
    assert search._fitness.tolist() == [[9, 8.5, 0, 8]]  # of the old ones, those left are the best


@pytest.mark.parametrize("share", [False, True])
def test_images_of_others_enter_only_when_sharing(*, share: bool) -> None:
    search = genetic(1, 2, batch=4, population=4, elites=4, share=share)
    batch = search.ask()
    responses = np.where(batch.owner[:, None] == [0, 1], 0.1, 0.9)
    search.tell(batch, responses)
    assert (search._fitness == np.float32(0.9 if share else 0.1)).all()
    others = batch.points[batch.owner == 1]
    entered = (search._members[0][:, None] == others).all(axis=2).any(axis=1)
    assert entered.all() == share


@pytest.mark.parametrize("response", [0.0, 1.0, np.nan])
def test_a_flat_population_draws_from_the_prior(response: float) -> None:
    search, chance = genetic(1, 2), make_maximizer("random", SPACE, seeds=[1, 2], budget=200)
    for _ in range(5):
        points = grown(search, np.full((20, 2), response))
        assert np.array_equal(points, chance.ask().points)


def test_only_the_neuron_that_responds_breeds() -> None:
    search, chance = genetic(1, 2, batch=20), genetic(1, 2, batch=20)
    responses = np.zeros((40, 2))
    responses[:, 0] = np.arange(40)
    grown(search, responses)
    grown(chance, np.zeros((40, 2)))
    one, two = search.ask(), chance.ask()
    assert np.array_equal(one.points[1::2], two.points[1::2])
    assert not np.array_equal(one.points[::2], two.points[::2])


@pytest.mark.parametrize("name", USUAL)
def test_beats_random_on_planted_neurons(name: str) -> None:
    gain = gains("ga", SPACES[name])
    assert (gain > 0).all()
    assert gain.mean() > 0.1


@pytest.mark.parametrize("neurons", [2000, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["ga", "random", "pool"])
def test_very_many_neurons(name: str, neurons: int) -> None:
    space = CodeSpace(4, 8)
    options: dict[str, Any] = {"population": 2, "elites": 1} if name == "ga" else {}
    pool = space.sample(np.random.default_rng(1), 10) if name == "pool" else None
    seeds = range(neurons)
    search = make_maximizer(name, space, seeds=seeds, budget=1, batch=1, pool=pool, **options)
    batch = search.ask()
    assert batch.owner.tolist() == list(seeds)
    for part in np.array_split(np.arange(neurons), 10):
        search.tell(batch.take(part), np.ones((neurons // 10, neurons), dtype=np.float32))
    assert (search.result().best_response == 1).all()
    assert search.done


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"population": 1}, "population is 1; it must be a whole number of at least 2"),
        ({"elites": 21}, r"elites is 21; it must be a whole number in \[1, 20\]"),
        ({"mutation": 1.5}, r"mutation is 1.5; it must be a number in \[0, 1\]"),
        ({"mutation": "much"}, "mutation is 'much'"),
        ({"step": 0}, "step is 0; it must be a finite number above 0"),
        ({"temperature": float("inf")}, "temperature is inf"),
        ({"batch": 0}, "batch is 0"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_maximizer("ga", SPACE, seeds=[1], budget=50, **options)
