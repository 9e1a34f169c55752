"""The contract of every method, in every space and mode: runs and results."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from spikeatlas.optim import Result, make_maximizer
from tests.optim.cases import (
    SPACES,
    Case,
    every_case,
    every_isolated_case,
    every_sharing_case,
    finished,
    history_of,
    joined,
    planted,
    run,
    same,
    visible,
)


@every_case
def test_same_seed_same_run(case: Case) -> None:
    respond = planted(SPACES[case.space])
    first, one = finished(case)
    second = case.make()
    two = run(second, respond)
    assert all(same(a[0], b[0]) for a, b in zip(one, two, strict=True))
    assert same(first.result(), second.result())


@every_case
def test_other_seed_other_run(case: Case) -> None:
    assert not np.array_equal(case.make().ask().points, case.make((12, 6, 43)).ask().points)


@every_case
def test_budget_is_spent_and_never_exceeded(case: Case) -> None:
    search, log = finished(case)
    batch, _ = joined(log)
    assert len(batch) == 3 * case.budget
    assert np.array_equal(batch.slot, np.arange(len(batch)))
    counts = Counter(batch.owner.tolist())
    numbers = [counts[neuron] for neuron in range(3)]  # beside images for all, only when sharing
    assert len(set(numbers)) == 1 or case.share
    assert max(numbers) <= case.budget
    assert case.share or -1 not in counts
    assert np.abs(search.result().queries - case.budget).max() <= 1  # images for all are divided
    with pytest.raises(RuntimeError, match="budget is spent"):
        search.ask()


@every_case
def test_points_stay_in_the_space(case: Case) -> None:
    space = SPACES[case.space]
    search, log = finished(case)
    batch, _ = joined(log)
    assert batch.points.dtype == space.dtype
    assert space.contains(batch.points).all()
    assert space.contains(search.result().best_point).all()


@every_case
def test_arguments_are_not_modified_and_not_kept(case: Case) -> None:
    respond = planted(SPACES[case.space])
    seeds = np.array([11, 5, 42])
    search, other = case.make(seeds), case.make()
    while not search.done:
        batch, twin = search.ask(), other.ask()
        responses = respond(batch.points)
        before = responses.copy()
        batch.points[:] = 0
        search.tell(batch, responses)
        assert np.array_equal(responses, before)
        responses[:] = -1
        other.tell(twin, before)
    assert seeds.tolist() == [11, 5, 42]
    assert same(search.result(), other.result())


@every_case
def test_best_is_never_lost(case: Case) -> None:
    respond = planted(SPACES[case.space])
    search, log = finished(case)
    batch, responses = joined(log)
    result = search.result()
    assert result.best_response.dtype == np.float32
    assert np.array_equal(result.best_response, np.nanmax(visible(case, batch, responses), axis=0))
    assert np.array_equal(np.diag(respond(result.best_point)), result.best_response)


@every_case
def test_history_follows_the_order_of_proposal(case: Case) -> None:
    search, log = finished(case)
    history = search.result().history
    assert history.dtype == np.float32
    assert np.array_equal(history, history_of(case, log))
    assert np.array_equal(history[:, -1], search.result().best_response)


@every_isolated_case
@pytest.mark.parametrize("seeds", [(1,), (8, 3, 2**63), tuple(range(64))], ids=len)
def test_together_equals_alone(case: Case, seeds: tuple[int, ...]) -> None:
    respond = planted(SPACES[case.space], len(seeds))
    search = case.make(seeds)
    together, _ = joined(run(search, respond))
    result = search.result()
    for place in sorted({0, len(seeds) // 2, len(seeds) - 1}):
        alone = case.make(seeds[place : place + 1])
        batch, _ = joined(run(alone, lambda p, place=place: respond(p)[:, [place]]))  # type: ignore[misc]
        assert np.array_equal(batch.points, together.points[together.owner == place])
        assert np.array_equal(alone.result().history[0], result.history[place])


@every_isolated_case
def test_isolated_neurons_read_their_own_column_only(case: Case) -> None:
    respond = planted(SPACES[case.space])
    (plain, _), disturbed = finished(case), case.make()
    rng = np.random.default_rng(0)
    while not disturbed.done:
        batch = disturbed.ask()
        other = batch.owner[:, None] != np.arange(3)
        noise = rng.choice([np.nan, 5, -5], (len(batch), 3))
        disturbed.tell(batch, np.where(other, noise, respond(batch.points)))
    assert same(plain.result(), disturbed.result())


@every_sharing_case
def test_shared_best_comes_from_any_image(case: Case) -> None:
    search = case.make()
    batch = search.ask()
    responses = np.zeros((len(batch), 3))
    responses[1] = 0.5
    search.tell(batch, responses)
    assert np.array_equal(search.result().best_point, np.tile(batch.points[1], (3, 1)))
    assert search.result().best_response.tolist() == [0.5] * 3


@every_case
def test_minus_minimises(case: Case) -> None:
    respond = planted(SPACES[case.space])
    up, down = case.make(), case.make(sign=-1)
    mirrored, _ = joined(run(up, lambda points: -respond(points)))
    batch, responses = joined(run(down, respond))
    assert np.array_equal(mirrored.points, batch.points)
    assert np.array_equal(down.result().best_response, -up.result().best_response)
    assert np.array_equal(down.result().history, -up.result().history)
    lowest = np.nanmin(visible(case, batch, responses), axis=0)
    assert np.array_equal(down.result().best_response, lowest)


def test_shared_images_are_charged_in_equal_parts() -> None:
    search = make_maximizer("random", SPACES["codes"], seeds=[1, 2], budget=20, share=True)
    batch = search.ask()
    search.tell(batch.take(slice(5)), np.zeros((5, 2)))
    assert search.result().queries.tolist() == [3, 3]  # half of five images, rounded up


def test_result_holds_what_the_design_promises() -> None:
    search = make_maximizer("random", SPACES["codes"], seeds=[1, 2], budget=20)
    batch = search.ask()
    search.tell(batch, np.zeros((len(batch), 2)))
    result = search.result()
    assert isinstance(result, Result)
    assert result.best_point.shape == (2, 16)
    assert result.best_response.shape == result.lowest.shape == (2,)
    assert result.history.shape == (2, 20)
    assert result.queries.dtype == np.int64
