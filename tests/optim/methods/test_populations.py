"""Rows by owner and their weights; a last round that is cut short breaks no method."""

from __future__ import annotations

import numpy as np

from spikeatlas.optim import Batch
from spikeatlas.optim.base import in_turn
from spikeatlas.optim.methods.populations import rank_weights, split_by_owner
from tests.optim.cases import SPACES, Case, every_sharing_case, joined, planted

WEIGHTS = np.array([0.5, 0.25, 0.125, 0.125])


def test_rows_by_owner_of_whole_rounds() -> None:
    rows, owner = in_turn(np.arange(24).reshape(3, 4, 2))
    scores = (np.arange(12)[:, None] + 100 * np.arange(3)).astype(np.float32)
    cut = Batch(rows, owner, np.arange(12)).take(slice(11))
    points, values = split_by_owner(cut, scores[:11])
    assert np.array_equal(points, np.arange(24).reshape(3, 4, 2)[:, :3])
    assert values.tolist() == [[0, 3, 6], [101, 104, 107], [202, 205, 208]]
    none, empty = split_by_owner(cut.take(slice(2)), scores[:2])
    assert none.shape == (3, 0, 2)
    assert empty.shape == (3, 0)


def test_weights_follow_the_ranks() -> None:
    lost = -np.inf
    scores = np.array([[1, 4, 2, 3], [1, 1, 2, 1], [lost, 1, 2, lost], [5, 5, 5, lost], [lost] * 4])
    assert rank_weights(scores, WEIGHTS).tolist() == [
        [0.125, 0.5, 0.125, 0.25],
        [0.25, 0.125, 0.5, 0.125],
        [0, 1 / 3, 2 / 3, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]


@every_sharing_case
def test_a_screening_may_cut_the_last_round_short(case: Case) -> None:
    space = SPACES[case.space]
    respond, search = planted(space), case.make()
    screened = space.sample(np.random.default_rng(0), 4)
    search.tell_screening(screened, respond(screened))
    log = []
    while not search.done:
        batch = search.ask()
        log.append((batch, respond(batch.points)))
        search.tell(*log[-1])
    assert len(joined(log)[0]) == 3 * case.budget - 4
