"""Replay gives back what was entered."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.training.methods.td3.replay import Replay


def full(count: int) -> Replay:
    replay = Replay(5, 2, 1)
    for step in range(count):
        row = np.array([step, -step], np.float32)
        replay.add(row, np.array([step / 10], np.float32), float(step), row + 1, terminal=step == 2)
    return replay


def test_steps_stand_in_order() -> None:
    memories = full(4).memories(np.array([2, 0]))
    assert memories.values.tolist() == [[2, -2], [0, 0]]
    assert memories.rewards.tolist() == [2, 0]
    assert memories.next_values.tolist() == [[3, -1], [1, 1]]
    assert memories.terminal.tolist() == [1, 0]
    np.testing.assert_allclose(full(4).actions_since(2), [[0.2], [0.3]], rtol=1e-6)


def test_a_state_goes_on() -> None:
    whole, other = full(4), Replay(5, 2, 1)
    other.load_state_dict(full(3).state_dict())
    assert other.count == 3
    row = np.array([3, -3], np.float32)
    other.add(row, np.array([0.3], np.float32), 3.0, row + 1, terminal=False)
    for name, values in whole.state_dict().items():
        assert other.state_dict()[name].tolist() == values.tolist()
