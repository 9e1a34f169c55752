from __future__ import annotations

import copy
from collections import deque
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.module_state import ModuleState, copy_sharing_weights, unchanged
from tests.networks.snntorch_nets import Nested, nested_step, tutorial


class Keeper(nn.Module):
    """Keeps state in all kinds of attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(2))
        self.calls: Tensor
        self.numbers, self.nested = [1], {"deep": [torch.zeros(3)], "more": {"set": {1}}}
        self.queue, self.array, self.count = deque([1]), np.zeros(2), 0
        self.pair = (torch.zeros(1), [0])
        self.hidden = [nn.BatchNorm1d(3)]

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.calls.resize_(3)
        self.numbers.append(2)
        nested: Any = self.nested
        nested["deep"][0] += 1
        nested["more"]["set"].add(2)
        nested["new"] = 1
        self.queue.append(2)
        self.array += 1
        self.count += 1
        self.pair[0].add_(1)
        self.pair[1].append(1)
        self.later = x
        self.hidden[0](x)
        return x


def picture(keeper: Keeper) -> str:
    return repr([sorted(keeper.__dict__), keeper.__dict__, keeper.hidden[0].running_mean])


def test_all_kinds_of_state_are_put_back() -> None:
    keeper = Keeper()
    before, containers = picture(keeper), [keeper.numbers, keeper.calls]
    state = ModuleState(keeper)
    for _ in range(2):
        keeper(torch.ones(4, 3))
        assert picture(keeper) != before
        state.restore()
        assert picture(keeper) == before
    assert keeper.numbers is containers[0]
    assert keeper.calls is containers[1]


def test_state_is_put_back_after_an_exception() -> None:
    keeper = Keeper()
    before = picture(keeper)
    with pytest.raises(RuntimeError), unchanged(keeper):
        keeper(torch.ones(4, 5))
    assert keeper.count == 0
    assert picture(keeper) == before


def test_hidden_membranes_start_anew_where_the_librarys_reset_finds_none() -> None:
    torch.manual_seed(0)
    net = Nested()
    images = torch.rand(3, 1, 8, 8)
    with torch.no_grad():
        first = net(images)
        # trap 1: the reset of a net with nested neurons alone resets nothing
        assert not torch.equal(net(images), first)
    fresh = nested_step()
    state = ModuleState(fresh)
    with torch.no_grad():
        spikes = [fresh(images) for _ in range(10)]
        state.restore()
        assert torch.equal(torch.stack([fresh(images) for _ in range(10)]), torch.stack(spikes))


def test_a_copy_shares_weights_and_has_a_state_of_its_own() -> None:
    net = nested_step()
    copied = copy_sharing_weights(net)
    pairs = list(zip(net.parameters(), copied.parameters(), strict=True))
    assert pairs
    assert all(one is other for one, other in pairs)
    with torch.no_grad():
        copied(torch.rand(2, 1, 8, 8))
    assert net.get_buffer("4.mem").numel() == 0
    assert copied.get_buffer("4.mem").numel()


def test_a_membrane_with_a_history_can_be_copied() -> None:
    net = tutorial(2)
    net(torch.rand(2, 1, 8, 8))
    # trap 16: torch itself refuses
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(net)
    assert copy_sharing_weights(net)(torch.rand(2, 1, 8, 8))[0].shape == (2, 2, 10)
