from __future__ import annotations

import numpy as np

from spikeatlas.optim import Batch
from spikeatlas.tasks.search.archive import Archive, different


def batch(points: list[list[int]], owner: list[int]) -> Batch:
    return Batch(np.array(points), np.array(owner), np.arange(len(points)))


def told(*, share: bool) -> Archive:
    archive = Archive(2, share=share)
    archive.add_common(np.array([[9, 9]]), np.array([[0.3, 0.1]], np.float32))
    owner = [-1, -1, -1, -1] if share else [0, 1, 0, 0]
    answers = np.array([[0.2, 0.8], [0.5, 0.1], [0.3, 0.9], [np.nan, np.nan]], np.float32)
    archive.add(batch([[1, 1], [2, 2], [1, 2], [300, 1]], owner), answers)
    archive.add(batch([[1, 1]], [owner[0]]), answers[:1])
    return archive


def test_isolated_searches_know_their_own_points_and_the_common_ones() -> None:
    (first, seen), (second, others) = told(share=False).ranked(1)

    assert first.tolist() == [[9, 9], [1, 2], [1, 1]]  # among equals the one shown first
    np.testing.assert_array_equal(seen, np.array([0.3, 0.3, 0.2], np.float32))
    assert second.tolist() == [[9, 9], [2, 2]]
    np.testing.assert_array_equal(others, np.array([0.1, 0.1], np.float32))


def test_sharing_searches_know_every_point() -> None:
    (first, _), (second, _) = told(share=True).ranked(1)

    assert first.tolist() == [[2, 2], [9, 9], [1, 2], [1, 1]]
    assert second.tolist() == [[1, 2], [1, 1], [9, 9], [2, 2]]


def test_the_least_exciting_come_first_when_they_are_wanted() -> None:
    (first, seen), _ = told(share=False).ranked(-1)

    assert first[0].tolist() == [1, 1]
    assert (np.diff(seen) >= 0).all()


def test_different_keeps_the_first_of_equals() -> None:
    assert different(np.array([[3, 1], [0, 0], [3, 1], [0, 0], [1, 3]])).tolist() == [0, 1, 4]
