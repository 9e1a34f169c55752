from __future__ import annotations

import torch

from spikeatlas.snn.training.desires import LayerRecord, SilentWishes

SPIKES = torch.tensor([[[1.0, 0, 0], [0, 0, 0]], [[1, 0, 1], [0, 1, 0]]])
"""(T, n, units): the counts are (2, 0, 1) and (0, 1, 0)."""
RECORD = LayerRecord(torch.zeros((2, 2, 4)), SPIKES, torch.zeros((3, 4)))
WISHES = torch.tensor([[1.0, 1, -1], [1, 1, -1]])


def test_wishes_of_silent_units_are_counted_until_they_are_cleared() -> None:
    wishes = SilentWishes(["fc1", "out"])
    wishes.add([RECORD, RECORD], [WISHES, -WISHES])
    assert wishes.shares() == {"fc1": 0.5, "out": 0.5}
    wishes.add([RECORD, RECORD], [WISHES, WISHES.new_tensor([[0, 1, 0], [0, 0, 0]])])
    assert wishes.shares() == {"fc1": 0.5, "out": 2 / 3}
    assert wishes.sentence() == (
        "wishes to spike of units without a spike, which learn nothing from them: fc1 50.0 %, out 66.7 %"
    )
    wishes.clear()
    assert wishes.shares() == {}
    assert wishes.sentence().endswith("from them: there was none")
    wishes.add([RECORD, RECORD], [WISHES, -WISHES.abs()])
    assert wishes.shares() == {"fc1": 0.5}


def test_the_state_is_all_that_goes_on() -> None:
    first, second = SilentWishes(["fc1"]), SilentWishes(["fc1"])
    first.add([RECORD], [WISHES])
    state = first.state_dict()
    first.add([RECORD], [-WISHES])
    second.load_state_dict(state)
    second.add([RECORD], [-WISHES])
    assert first.shares() == second.shares()
    assert state["counts"].tolist() == [[4], [2]]
