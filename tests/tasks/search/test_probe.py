"""A block of neurons, ready to be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.search.block_probe import BlockProbe
from spikeatlas.tasks.search.probe import Respond
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.workers import models

BLOCK = Block(2, "conv2", 1, 4)


class Counting(BlockProbe):
    """A probe that counts the responders it opens, and what it shows."""

    def open_responder(self, purpose: str) -> Respond:
        respond = super().open_responder(purpose)
        self.opened = [*getattr(self, "opened", []), purpose]
        self.shown: list[int] = []

        def counting(images: NDArray[np.uint8]) -> NDArray[np.float32]:
            self.shown.append(len(images))
            return respond(images)

        return counting


@pytest.fixture
def probe(made: Checked) -> Counting:
    return Counting(made.run, [BLOCK])


def test_a_point_proposed_twice_is_shown_once(made: Checked, probe: Counting) -> None:
    points = np.array([[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 2, 3]])

    evaluation = probe.evaluate(points, 2)

    assert probe.shown == [evaluation.stimuli] == [2]
    respond = models.responder(made.run, 2.0, "search", {"conv2": (1, 2, 3)})
    images = models.generator(made.run).decode(points, batch_size=64)
    expected = np.repeat(respond(images)["conv2"], 2, axis=1)
    np.testing.assert_array_equal(evaluation.values, expected)
    np.testing.assert_array_equal(evaluation.lowest, expected.min(axis=0))
    np.testing.assert_array_equal(evaluation.highest, expected.max(axis=0))


def test_no_point_has_no_span(probe: Counting) -> None:
    evaluation = probe.evaluate(np.zeros((0, 4), np.int64), 1)
    assert evaluation.values.shape == (0, 3)
    assert np.isinf(evaluation.lowest).all()


def test_there_is_one_responder_a_purpose(probe: Counting) -> None:
    images = probe.decode(np.zeros((2, 4), np.int64))
    for purpose in ("search", "report", "search", "report"):
        probe.respond(purpose, images)
    assert probe.opened == ["search", "report"]


def test_each_search_is_answered_by_its_own_neuron(probe: Counting) -> None:
    codes = np.random.default_rng(0).integers(8, size=(6 * 3, 4))
    images = probe.decode(codes)

    responses = probe.respond_own("report", images.reshape(6, 3, *images.shape[1:]))

    every = probe.respond("report", images).reshape(6, 3, 3)
    for search in range(6):  # two repeats of each of the three neurons
        np.testing.assert_array_equal(responses[search], every[search, :, search // 2])


def test_seeds_depend_on_names_alone(made: Checked, probe: Counting) -> None:
    seeds = probe.seeds("search", "tt", (0, 3))
    assert seeds.shape == (3, 2)
    assert seeds[1, 1] == seed_of(made.run.seed, "search", 2.0, "conv2", 2, "tt", 3)
    assert not np.isin(probe.seeds("warm", "tt", (0, 3)), seeds).any()


def test_a_stop_watch_sees_each_part(probe: Counting) -> None:
    parts: Counter[str] = Counter()

    @contextmanager
    def watch(part: str) -> Iterator[None]:
        parts[part] += 1
        yield

    probe.watch = watch
    probe.evaluate(np.zeros((2, 4), np.int64), 1)
    assert parts == {"decode": 1, "respond": 1}
