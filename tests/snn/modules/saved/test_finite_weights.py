from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from spikeatlas.snn.modules.saved.finite_weights import require_finite
from tests.networks.snntorch_nets import tutorial


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_weight_that_is_no_number_is_named(value: float) -> None:
    net = tutorial()
    require_finite(net, "a.pth")
    with torch.no_grad():
        net.fc.bias[3] = value
    sentence = r"^a.pth: 1 of 10 values of fc.bias are NaN or infinite: did its training diverge\? "
    with pytest.raises(ValueError, match=sentence):
        require_finite(net, "a.pth")


def test_statistics_of_a_norm_are_weights_and_masks_are_not() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3))
    net.register_buffer("mask", torch.full((2, 2), -math.inf).triu(1))
    require_finite(net, "a.pth")
    net.register_buffer("mask", torch.full((2, 2), math.nan).triu(1))
    with pytest.raises(ValueError, match=r"1 of 4 values of mask are NaN: did"):
        require_finite(net, "a.pth")
    norm = nn.Sequential(nn.BatchNorm1d(3))
    norm.get_buffer("0.running_var")[1] = math.inf
    with pytest.raises(ValueError, match=r"1 of 3 values of 0.running_var are NaN or infinite"):
        require_finite(norm, "a.pth")
