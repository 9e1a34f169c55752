"""The contract about responses: any order, late, missing, tied, flat or wrong."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from spikeatlas.optim import Batch, Maximizer, make_maximizer
from tests.optim.cases import (
    SPACES,
    Array,
    Case,
    every_case,
    finished,
    firsts,
    history_of,
    joined,
    planted,
    run,
    same,
    visible,
)


@every_case
def test_told_in_any_order_and_any_pieces(case: Case) -> None:
    respond = planted(SPACES[case.space])
    (straight, log), search = finished(case), case.make()
    expected, _ = joined(log)
    rng, points = np.random.default_rng(0), []
    while not search.done:
        batch = search.ask()
        points.append(batch.points)
        for rows in np.array_split(rng.permutation(len(batch)), 3):
            part = batch.take(rows)
            search.tell(part, respond(part.points))
    assert np.array_equal(np.concatenate(points), expected.points)
    assert same(search.result(), straight.result())


@every_case
def test_late_rows_still_count(case: Case) -> None:
    respond = planted(SPACES[case.space])
    search, late, log = case.make(), [], []
    while not search.done:
        batch = search.ask()
        log.append((batch, respond(batch.points)))
        soon = batch.take(slice(None, None, 2))
        search.tell(soon, respond(soon.points))
        late.append(batch.take(slice(1, None, 2)))
    assert len(search.pending) == sum(map(len, late))
    for batch in reversed(late):
        search.tell(batch, respond(batch.points))
    assert len(search.pending) == 0
    assert np.array_equal(search.result().history, history_of(case, log))
    assert np.array_equal(search.result().history[:, -1], search.result().best_response)


@every_case
def test_asking_on_without_any_answer(case: Case) -> None:
    search = case.make()
    first = search.ask()
    while not search.done:
        search.ask()
    result = search.result()
    assert np.isnan(result.best_response).all()
    assert np.isnan(result.history).all()
    assert not result.queries.any()
    firsts = [first.points[(first.owner == n) | (first.owner == -1)][0] for n in range(3)]
    assert np.array_equal(result.best_point, firsts)


@every_case
@pytest.mark.parametrize("constant", [0.0, 1.0, 0.25])
def test_silent_saturated_and_constant(case: Case, constant: float) -> None:
    search = case.make()
    log = run(search, lambda points: np.full((len(points), 3), constant))
    result = search.result()
    assert (result.history == constant).all()
    for value in (0, 1):
        assert result.always(value).all() == (constant == value)
    assert np.array_equal(result.lowest, result.highest)
    assert np.array_equal(result.best_point, firsts(case, log))  # ties: the first proposal


@every_case
def test_the_first_proposal_wins_a_tie_however_late(case: Case) -> None:
    search = case.make()
    one = search.ask()
    early, rest = one.take(slice(3)), one.take(slice(3, None))
    two = search.ask()
    for batch in (two, rest, early):
        search.tell(batch, np.ones((len(batch), 3)))
    assert np.array_equal(search.result().best_point, firsts(case, [(one, np.empty(0))]))


@every_case
def test_missing_responses(case: Case) -> None:
    respond = planted(SPACES[case.space])
    rng = np.random.default_rng(3)

    def patchy(points: Array) -> Array:
        missing = rng.random((len(points), 3)) < [0.3, 0.8, 1.0]
        return np.where(missing, np.nan, respond(points))

    search = case.make()
    log = run(search, patchy)
    result = search.result()
    assert np.array_equal(result.history, history_of(case, log), equal_nan=True)
    assert np.isnan(result.best_response).tolist() == [False, False, True]
    assert np.isnan([result.lowest[2], result.highest[2]]).all()
    assert not result.always(0)[2]
    assert not result.always(1)[2]
    best = np.diag(respond(result.best_point))
    assert np.array_equal(best[:2], result.best_response[:2])


@every_case
def test_ties_and_few_levels(case: Case) -> None:
    respond = planted(SPACES[case.space])
    search = case.make()
    batch, responses = joined(run(search, lambda points: np.round(respond(points) * 4) / 4))
    responses_in_use = visible(case, batch, responses)
    winner = np.nanargmax(responses_in_use, axis=0)  # the first of the best
    assert np.array_equal(search.result().best_point, batch.points[winner])


def one_batch() -> tuple[Maximizer, Batch]:
    search = make_maximizer("random", SPACES["codes"], seeds=[1, 2], budget=20)
    return search, search.ask()


def test_no_result_before_the_first_proposal() -> None:
    search = make_maximizer("random", SPACES["codes"], seeds=[1], budget=20)
    with pytest.raises(RuntimeError, match="before the first ask"):
        search.result()


def test_wrong_responses_are_refused_and_change_nothing() -> None:
    search, batch = one_batch()
    for wrong, words in (
        (np.zeros((len(batch), 3)), r"shape \(20, 3\); it must be \(20, 2\)"),
        (np.zeros(len(batch)), "one row for each point"),
        (np.full((len(batch), 2), np.inf), "infinite"),
        (np.full((len(batch), 2), 1e300), "infinite"),
    ):
        with pytest.raises(ValueError, match=words):
            search.tell(batch, wrong)
    assert len(search.pending) == len(batch)
    search.tell(batch, np.zeros((len(batch), 2)))


def test_every_row_is_told_once() -> None:
    search, batch = one_batch()
    twice = batch.take([0, 0])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"slot 0 is unknown, doubled or was told before"):
        search.tell(twice, np.zeros((2, 2)))
    search.tell(batch, np.zeros((len(batch), 2)))
    with pytest.raises(ValueError, match="tell each row of a batch once") as caught:
        search.tell(batch, np.zeros((len(batch), 2)))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


def test_nothing_told_is_fine() -> None:
    search, batch = one_batch()
    search.tell(batch.take(slice(0)), np.zeros((0, 2)))
    assert len(search.pending) == len(batch)
