from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.networks import other_nets, snntorch_nets, uncommon_nets
from tests.snn.modules.trials.test_trial import tried


@pytest.mark.parametrize(
    ("net", "answers"),
    [
        (other_nets.small(), "deterministic"),
        (snntorch_nets.tutorial(), "deterministic"),
        (other_nets.counting(), "deterministic"),
        (other_nets.drawing(), "stochastic"),
        (uncommon_nets.Dropping(), "stochastic"),
    ],
)
def test_kinds_of_networks(net: nn.Module, answers: str) -> None:
    assert tried(net).answers == answers


@pytest.mark.parametrize(
    "net", [other_nets.global_state(), other_nets.closure(), uncommon_nets.Unseeded()]
)
def test_state_that_cannot_be_put_back_is_refused(net: nn.Module) -> None:
    with pytest.raises(ValueError, match="state outside of the module's attributes and buffers"):
        tried(net)


@pytest.mark.parametrize("net", [other_nets.batch_statistics(), uncommon_nets.TrainingNorm()])
def test_answers_that_depend_on_the_batch_are_refused(net: nn.Module) -> None:
    with pytest.raises(ValueError, match="depends on the other images of its batch"):
        tried(net)


@pytest.mark.parametrize(
    ("net", "fields", "sentence"),
    [
        (uncommon_nets.Dividing(), {}, "relu1 gets"),
        (uncommon_nets.DividingSpikes(), {"time_steps": 3}, "lif gets"),
    ],
)
def test_answers_that_are_no_numbers_are_refused(
    net: nn.Module, fields: dict[str, Any], sentence: str
) -> None:
    assert tried(net, **fields).answers == "deterministic"
    dark = torch.cat([torch.rand(7, 1, 8, 8), torch.zeros(1, 1, 8, 8)])
    with pytest.raises(ValueError, match=f"{sentence} numbers that are NaN or infinite .* of 8"):
        tried(net, pictures=dark, **fields)


class Causal(nn.Module):
    """Adds up the images before: they are steps of time, if they are anything."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x.cumsum(0).flatten(1))


def test_earlier_images_of_a_batch_count_as_well() -> None:
    with pytest.raises(ValueError, match="depends on the other images of its batch"):
        tried(Causal())
