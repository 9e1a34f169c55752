"""The search loop: what it counts, and the range that it reports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.optim import Batch, Result
from spikeatlas.tasks.search.block_probe import BlockProbe
from spikeatlas.tasks.search.loop import Searches, SearchRecord, listening_of, run_search
from spikeatlas.tasks.search.objective import NaturalnessTerm, Objective
from spikeatlas.tasks.search.probe import Evaluation
from spikeatlas.tasks.study.blocks import Block

ONE = Searches("random", np.zeros((1, 1), np.int64), 3)
MIXED = Objective(1, NaturalnessTerm(0.5, np.ones(1, np.float32), None))  # type: ignore[arg-type]


def batch(count: int) -> Batch:
    return Batch(np.zeros((count, 1), np.int64), np.zeros(count, np.int64), np.arange(count))


def evaluation(response: float) -> Evaluation:
    responses = np.array([response], np.float32)
    return Evaluation(responses[None] + 7, responses, responses, 1)


def result() -> Result:
    value = np.array([0.5], np.float32)
    return Result(np.zeros((1, 1), np.int64), value, value[:, None], np.array([3]), value, value)


def test_the_range_is_that_of_the_responses_where_naturalness_counts() -> None:
    record = SearchRecord(ONE)
    for response in (0.0, 0.4, 0.2):
        record.add(batch(1), evaluation(response))
    outcome = record.end(result(), MIXED)
    assert (outcome.result.lowest[0], outcome.result.highest[0]) == (0, np.float32(0.4))
    assert not outcome.result.always(0).any()
    assert (outcome.images, outcome.stimuli, outcome.archive) == (3, 3, None)


def test_the_search_s_own_range_stays_where_the_response_alone_counts() -> None:
    record = SearchRecord(ONE)
    record.add(batch(2), evaluation(0.9))
    outcome = record.end(result(), Objective())
    assert outcome.result.highest[0] == np.float32(0.5)
    assert (outcome.images, outcome.stimuli) == (2, 1)


def test_repeats_in_lock_step_find_what_each_finds_alone(made: Checked) -> None:
    probe = BlockProbe(made.run, [Block(2, "conv2", 0, 3)])
    both = Searches("tt", probe.seeds("search", "tt", (0, 1)), 20, archived=True)
    together = run_search(probe, both)
    second = replace(both, seeds=both.seeds[:, 1:])
    alone = run_search(probe, second)
    np.testing.assert_array_equal(together.result.best_point[1::2], alone.result.best_point)
    np.testing.assert_array_equal(together.result.history[1::2], alone.result.history)
    assert together.images == 2 * alone.images == 2 * 3 * 20
    assert together.archive is not None


@pytest.mark.parametrize("share", [True, False])
def test_a_student_learns_from_what_was_told(made: Checked, *, share: bool) -> None:
    probe = BlockProbe(made.run, [Block(2, "conv2", 0, 3)])
    options = {"rounds": 2, "screening": 0.2}
    seeds = probe.seeds("search", "twin", (0,))
    searches = Searches("twin", seeds, 60, share=share, options=options, archived=True)
    outcome = run_search(probe, searches)
    again = run_search(BlockProbe(made.run, [Block(2, "conv2", 0, 3)]), searches)
    assert outcome.images == 3 * 60
    np.testing.assert_array_equal(outcome.result.best_point, again.result.best_point)
    shown = probe.decode(outcome.result.best_point)
    np.testing.assert_array_equal(
        np.diag(probe.respond("search", shown)), outcome.result.best_response
    )


@pytest.mark.parametrize("share", [True, False])
def test_a_student_is_told_of_the_screening(made: Checked, *, share: bool) -> None:
    probe = BlockProbe(made.run, [Block(2, "conv2", 0, 3)])
    listening = listening_of("twin", share=share)
    assert listening == ("all" if share else "own")
    assert listening_of("screened", share=share) is None
    evaluation = probe.evaluate(np.array([[0, 1, 2, 3], [0, 1, 2, 3]]), 1, listening)
    stimuli = evaluation.recordings["stimulus"]
    assert np.array_equal(stimuli[0], stimuli[1])
    assert np.array_equal(evaluation.recordings["response"], evaluation.values)
    names = {"stimulus", "response"} | ({"conv1", "conv2"} if share else set())
    assert evaluation.recordings.keys() == names
