from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.search.diverse import CANDIDATES, candidates, farthest_first, reaches


def images(*levels: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.array(levels, np.uint8).reshape(-1, 1, 1, 1)


def test_each_is_the_farthest_from_all_before_it() -> None:
    # from 100: 0 is farther than 190; then 190, whose nearest is 90 away; then 50
    assert farthest_first(images(100)[0], images(100, 50, 0, 190, 110), 3) == [2, 3, 1]


def test_equal_images_are_taken_once() -> None:
    assert farthest_first(images(7)[0], images(7, 9, 9), 5) == [1]
    assert farthest_first(images(7)[0], images(), 2) == []


@pytest.mark.parametrize(
    ("sign", "best", "near"),
    [(1, 0.8, [True, True, False, False]), (-1, 0.6, [False, True, True, True]),
     (1, 0.0, [False] * 4), (-1, 0.0, [False, False, False, True])],
)  # fmt: skip
def test_what_is_near_enough(sign: int, best: float, near: list[bool]) -> None:
    response = np.array([0.8, 0.7, 0.6, 0.0], np.float32)

    assert reaches(response, best, sign).tolist() == near


def test_candidates_are_the_best_and_a_spread() -> None:
    count = 4 * CANDIDATES
    answers = np.linspace(1, 0.9, count).astype(np.float32)
    points = np.arange(count)[:, None]
    half = count // 2

    found = candidates(
        [(points[half:], answers[half:]), (points[: half + 9], answers[: half + 9])], 1.0, 1
    )[:, 0]

    assert len(found) == CANDIDATES == len(set(found.tolist()))
    assert found[: CANDIDATES // 2].tolist() == list(range(CANDIDATES // 2))
    assert found[-1] == count - 1
    assert len(candidates([(points, answers)], 1.2, 1)) == 0


def test_stored_stimuli_differ_and_come_near_the_mei(varied: Checked) -> None:
    found = open_tree(varied.run.atlas).layer("conv2").load()
    count = found.diverse_count.values

    assert count.max() == 3
    assert (count[found.response.values == 0] == 0).all()
    np.testing.assert_array_equal(found.diverse_response.notnull().sum("alternative").values, count)
    assert not (found.diverse_response < 0.85 * found.response).any()
    for place in zip(*np.nonzero(count), strict=True):
        shown = [found.mei.values[place], *found.diverse.values[place][: count[place]]]
        assert len({image.tobytes() for image in shown}) == len(shown)
