"""The value that a search seeks, when naturalness counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.search.objective import Objective, blocks_objective, make_objective
from spikeatlas.tasks.study.blocks import Block


class FirstCoordinate:
    """A scale that knows the typicality of each stimulus by its first coordinate."""

    def typicality(self, points: np.ndarray, images: np.ndarray) -> np.ndarray:
        assert len(points) == len(images)
        return points[:, 0] / 10


def mixed(weight: float, sign: int, best: list[float]) -> Objective:
    return make_objective(sign, weight, np.array(best, np.float32), FirstCoordinate())  # type: ignore[arg-type]


def test_the_value_is_the_formula() -> None:
    points = np.array([[0, 1], [5, 1], [10, 1]])
    images = np.zeros((3, 1, 2, 2), np.uint8)
    responses = np.array([[0.2, 0], [0.1, 0.5], [0, 1]], np.float32)
    values = mixed(0.25, 1, [0.4, 0.5]).values(responses, points, images)
    expected = 0.75 * responses / [0.4, 0.5] + 0.25 * np.array([[0], [0.5], [1]])
    assert np.allclose(values, expected)
    assert values.dtype == np.float32
    lowest = mixed(0.25, -1, [0.4, 0.5]).values(responses, points, images)
    assert np.allclose(lowest, 0.75 * responses / [0.4, 0.5] - 0.25 * np.array([[0], [0.5], [1]]))


def test_a_neuron_that_answers_no_test_image_has_the_scale_one() -> None:
    values = mixed(0.5, 1, [0.0]).values(
        np.full((1, 1), 0.3, np.float32),
        np.zeros((1, 1), np.float32),
        np.zeros((1, 1, 2, 2), np.uint8),
    )
    assert values[0, 0] == pytest.approx(0.15)


def test_own_stimuli_of_each_search() -> None:
    points = np.arange(8).reshape(2, 4, 1)
    images = np.zeros((2, 4, 1, 2, 2), np.uint8)
    responses = np.random.default_rng(0).random((2, 4)).astype(np.float32)
    values = mixed(0.5, 1, [1.0, 2.0]).own_values(responses, points, images)
    assert np.allclose(values, 0.5 * responses / [[1], [2]] + 0.05 * np.arange(8).reshape(2, 4))


def test_own_stimuli_of_several_repeats_have_their_neuron_s_scale() -> None:
    points, images = np.zeros((4, 1, 1), np.int64), np.zeros((4, 1, 1, 2, 2), np.uint8)
    responses = np.ones((4, 1), np.float32)
    values = mixed(0.5, 1, [1.0, 2.0]).own_values(responses, points, images)
    assert values.ravel().tolist() == [0.5, 0.5, 0.25, 0.25]


def test_asking_twice_gives_the_same() -> None:
    objective = mixed(0.5, 1, [1.0])
    arguments = np.array([[0.4]], np.float32), np.array([[10]]), np.zeros((1, 1, 2, 2), np.uint8)
    first = objective.values(*arguments)
    objective.values(np.array([[0.9]], np.float32), *arguments[1:])
    assert np.array_equal(objective.values(*arguments), first)


def test_without_weight_the_value_is_the_response(made: Checked) -> None:
    objective = blocks_objective(made.run, [Block(2, "conv2", 0, 4)], 1)
    responses = np.random.default_rng(0).random((3, 4)).astype(np.float32)
    assert objective.naturalness is None
    points, images = np.zeros((3, 2), np.int64), np.zeros((3, 1, 2, 2), np.uint8)
    assert objective.values(responses, points, images) is responses


def test_the_scale_is_the_best_test_image_s_response(made: Checked) -> None:
    run = made.run.with_fields(search=replace(made.run.search, naturalness=0.5))
    objective = blocks_objective(run, [Block(2, "conv2", 1, 4)], 1)
    assert objective.naturalness is not None
    best = open_tree(run.atlas)["natural_top/conv2"].natural_top_response.sel(epoch=2)
    expected = best.isel(rank=0).values[1:4]
    assert np.allclose(objective.naturalness.scale, np.where(expected > 0, expected, 1))
