"""The memory of a twin: what it keeps, in which order, and of whom it forgets nothing."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.optim import RESPONSE
from spikeatlas.optim.methods.twin.recording_memory import RecordingMemory
from tests.optim.cases import Array


def told(slots: list[int], responses: Array) -> tuple[Array, Array, dict[str, Array]]:
    numbers = np.array(slots)
    points = np.stack([numbers, numbers % 3], axis=1)
    return points, numbers, {RESPONSE: responses.astype(np.float32), "layer": points[:, :1] * 2}


def filled(most: int, sign: int = 1, seed: int = 0) -> RecordingMemory:
    memory = RecordingMemory(sign, most)
    rng = np.random.default_rng(5)
    for start in range(0, 200, 20):
        memory.add(*told(list(range(start, start + 20)), rng.random((20, 2))))
        memory.settle(np.random.default_rng([seed, start]))
    return memory


def test_the_order_of_telling_does_not_matter() -> None:
    one, other = RecordingMemory(1, 100), RecordingMemory(1, 100)
    responses = np.random.default_rng(0).random((6, 2))
    one.add(*told([0, 1, 2, 3, 4, 5], responses))
    for slots in ([4, 1], [5], [0, 3, 2]):
        other.add(*told(slots, responses[slots]))
    for memory in (one, other):
        memory.settle(np.random.default_rng(0))
    assert np.array_equal(one.points, other.points)
    for name, rows in one.recordings.items():
        assert np.array_equal(rows, other.recordings[name])
    assert one.recordings.keys() == {RESPONSE, "layer"}


@pytest.mark.parametrize("sign", [1, -1])
def test_the_best_of_each_neuron_are_never_forgotten(sign: int) -> None:
    everything, memory = filled(1000, sign), filled(40, sign)
    assert len(everything) == 200
    assert len(memory) == 40
    assert np.array_equal(everything.best(12), memory.best(12))
    scores = sign * everything.recordings[RESPONSE]
    best = everything.points[scores.argmax(axis=0)]
    assert np.array_equal(memory.best(1)[:, 0], best)


def test_what_is_forgotten_hangs_on_the_generator_alone() -> None:
    assert np.array_equal(filled(40).points, filled(40).points)
    assert not np.array_equal(filled(40).points, filled(40, seed=1).points)


def test_what_was_not_measured_is_no_best() -> None:
    memory = RecordingMemory(1, 100)
    memory.add(*told([0, 1, 2], np.array([[np.nan, 1], [0.5, np.nan], [0.1, 0.2]])))
    memory.settle(np.random.default_rng(0))
    assert memory.best(2)[:, :, 0].tolist() == [[1, 2], [0, 2]]


def test_fewer_different_points_than_asked_for_come_again() -> None:
    memory = RecordingMemory(1, 100)
    points = np.array([[1, 1], [1, 1], [2, 2]])
    memory.add(points, np.arange(3), {RESPONSE: np.array([[0.5], [0.5], [0.1]], np.float32)})
    memory.settle(np.random.default_rng(0))
    assert memory.best(3)[0].tolist() == [[1, 1], [2, 2], [1, 1]]


def test_other_recordings_than_before_are_a_mistake() -> None:
    memory = RecordingMemory(1, 100)
    memory.add(*told([0], np.zeros((1, 2))))
    points, slots, recordings = told([1], np.zeros((1, 2)))
    with pytest.raises(
        ValueError, match=r"are \['other'\], but .* were \['layer'\]: tell the same"
    ):
        memory.add(points, slots, {RESPONSE: recordings[RESPONSE], "other": points})


def test_a_state_holds_what_was_not_sorted_in_yet() -> None:
    memory, copy = filled(100), RecordingMemory(1, 100)
    memory.add(*told([200, 201], np.ones((2, 2))))
    copy.load_state_dict(memory.state_dict())
    for part in (memory, copy):
        part.settle(np.random.default_rng(3))
    assert np.array_equal(memory.points, copy.points)
    assert 201 in copy.points[:, 0]
