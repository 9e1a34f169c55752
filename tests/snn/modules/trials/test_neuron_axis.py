from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.drive import ModuleDrive
from spikeatlas.snn.modules.trials.neuron_axis import NeuronAxis, own_axis
from spikeatlas.snn.modules.trials.trial_record import record_call


class Steps(nn.Module):
    """Parts that are called one after another by a function."""

    def __init__(self, call: Callable[[Any, Tensor], Tensor], **parts: nn.Module) -> None:
        super().__init__()
        self.call = call
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: Tensor) -> Tensor:
        return self.call(self, x)


def axis(module: nn.Module, inputs: Tensor, path: str) -> NeuronAxis | None:
    record = record_call(module.eval(), ModuleDrive("image"), inputs[None], [path])
    return record.axes[-1]


TOKENS = torch.rand(2, 5, 6)
"""Five tokens of six features, or five channels of six places."""


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (nn.Linear(6, 4), "last"),
        (nn.LayerNorm(6), "last"),
        (nn.RMSNorm(6), "last"),
        (nn.LayerNorm([5, 6]), None),
        (nn.LSTM(6, 3, batch_first=True, bidirectional=True), "last"),
        (nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), "last"),
        (nn.Conv1d(5, 7, 1), "first"),
        (nn.BatchNorm1d(5), "first"),
        (nn.GroupNorm(1, 5), "first"),
        (nn.MaxPool1d(2), "first"),
        (nn.GELU(), None),
    ],
)
def test_torchs_own_modules(part: nn.Module, expected: NeuronAxis | None) -> None:
    assert own_axis(part) == expected
    assert axis(nn.Sequential(part), TOKENS, "0") == expected
    if not isinstance(part, nn.LSTM):
        # an activation has what it gets, and a block what its last part gives
        assert axis(nn.Sequential(part, nn.ReLU()), TOKENS, "1") == expected
        assert axis(nn.Sequential(nn.Sequential(part, nn.Identity())), TOKENS, "0") == expected


def test_a_norm_that_moves_its_axes_says_nothing() -> None:
    class Moved(nn.LayerNorm):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.transpose(1, 2)).transpose(1, 2)

    assert own_axis(Moved(5)) is None


def test_residual_sums_have_the_axis_of_their_parts() -> None:
    mixed = Steps(lambda net, x: net.act(x + net.fc(x)), fc=nn.Linear(6, 6), act=nn.ReLU())
    assert axis(mixed, TOKENS, "act") == "last"
    assert axis(nn.Sequential(mixed), TOKENS, "0") == "last"
    wide = Steps(
        lambda net, x: net.act(torch.max_pool1d(net.conv(x), 2)),
        conv=nn.Conv1d(5, 7, 1),
        act=nn.ReLU(),
    )
    assert axis(wide, TOKENS, "act") == "first"


def test_what_nothing_tells_is_not_guessed() -> None:
    assert axis(nn.Sequential(nn.ReLU()), TOKENS, "0") is None
    turned = Steps(
        lambda net, x: net.act(net.fc(x).transpose(1, 2)), fc=nn.Linear(6, 5), act=nn.ReLU()
    )
    assert axis(turned, TOKENS, "act") is None
    both = Steps(
        lambda net, x: net.act(net.conv(x) + net.fc(x)),
        conv=nn.Conv1d(5, 5, 1),
        fc=nn.Linear(6, 6),
        act=nn.ReLU(),
    )
    assert axis(both, TOKENS, "act") is None
