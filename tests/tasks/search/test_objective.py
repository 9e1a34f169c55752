"""What a search is told when naturalness counts."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.optim import Result
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.search.objective import Trade, trade_of
from spikeatlas.tasks.study.blocks import Block


class Given:
    """A scale that knows the typicality of each stimulus by its first coordinate."""

    def typicality(self, points: np.ndarray, images: np.ndarray) -> np.ndarray:
        assert len(points) == len(images)
        return points[:, 0] / 10


def trade(weight: float, sign: int, best: list[float]) -> Trade:
    return Trade(weight, sign, np.array(best, np.float32), Given())  # type: ignore[arg-type]


def test_the_trade_is_the_formula() -> None:
    points = np.array([[0, 1], [5, 1], [10, 1]])
    images = np.zeros((3, 1, 2, 2), np.uint8)
    responses = np.array([[0.2, 0], [0.1, 0.5], [0, 1]], np.float32)
    told = trade(0.25, 1, [0.4, 0.5]).told(responses, points, images)
    expected = 0.75 * responses / [0.4, 0.5] + 0.25 * np.array([[0], [0.5], [1]])
    assert np.allclose(told, expected)
    assert told.dtype == np.float32
    lowest = trade(0.25, -1, [0.4, 0.5]).told(responses, points, images)
    assert np.allclose(lowest, 0.75 * responses / [0.4, 0.5] - 0.25 * np.array([[0], [0.5], [1]]))


def test_a_neuron_that_answers_no_test_image_has_the_scale_one() -> None:
    told = trade(0.5, 1, [0.0]).told(
        np.full((1, 1), 0.3, np.float32),
        np.zeros((1, 1), np.float32),
        np.zeros((1, 1, 2, 2), np.uint8),
    )
    assert told[0, 0] == pytest.approx(0.15)


def test_own_stimuli_of_each_search() -> None:
    points = np.arange(8).reshape(2, 4, 1)
    images = np.zeros((2, 4, 1, 2, 2), np.uint8)
    responses = np.random.default_rng(0).random((2, 4)).astype(np.float32)
    told = trade(0.5, 1, [1.0, 2.0]).own(responses, points, images)
    assert np.allclose(told, 0.5 * responses / [[1], [2]] + 0.05 * np.arange(8).reshape(2, 4))


def test_the_result_keeps_the_range_of_the_responses() -> None:
    mixed = trade(0.5, 1, [1.0])
    points, images = np.array([[10]]), np.zeros((1, 1, 2, 2), np.uint8)
    for response in (0.0, 0.4, 0.2):
        mixed.told(np.array([[response]], np.float32), points, images)
    told = np.array([0.5], np.float32)
    result = Result(points, told, told[:, None], np.array([3]), told, told)
    found = mixed.of(result)
    assert (found.lowest[0], found.highest[0]) == (0, np.float32(0.4))
    assert not found.silent.any()


def test_no_weight_no_trade(made: Checked) -> None:
    assert trade_of(made.run, Block(2, "conv2", 0, 4), 2) is None


def test_the_scale_is_the_best_test_image_s_response(made: Checked) -> None:
    from dataclasses import replace

    run = made.run.with_fields(search=replace(made.run.search, naturalness=0.5))
    found = trade_of(run, Block(2, "conv2", 1, 4), 2)
    assert found is not None
    best = open_tree(run.atlas)["layers/conv2"].to_dataset().natural_top_response.sel(epoch=2)
    expected = np.repeat(best.isel(rank=0).values[1:4], 2)
    assert np.allclose(found._scale, np.where(expected > 0, expected, 1))
