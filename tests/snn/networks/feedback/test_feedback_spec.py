from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from spikeatlas.snn.networks import FeedbackArchitecture, NetworkSite


def site(seed: int = 0) -> NetworkSite:
    return NetworkSite((1, 8, 8), 10, [0.5], [0.2], seed)


def test_weights_come_from_the_seed_alone() -> None:
    architecture = FeedbackArchitecture(units=48)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = architecture.build(site()).state_dict()

    assert torch.equal(torch.get_rng_state(), state)
    again, other = architecture.build(site()).state_dict(), architecture.build(site(1)).state_dict()
    assert list(first) == [
        "mean", "std", "fc1.weight", "fc1.bias", "feedback.weight", "fc.weight", "fc.bias",
    ]  # fmt: skip
    assert all(torch.equal(values, again[name]) for name, values in first.items())
    assert not torch.equal(first["feedback.weight"], other["feedback.weight"])
    assert first["fc1.weight"].shape == (48, 64)
    assert torch.linalg.norm(first["feedback.weight"]) == pytest.approx(2.0)


def test_units_have_a_most() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 10000"):
        FeedbackArchitecture(units=10**12)


def test_one_method_trains_it() -> None:
    assert FeedbackArchitecture().methods == ("spide",)
    infos = FeedbackArchitecture(units=7, time_steps=5).layer_infos((3, 9, 9), 4)
    network = FeedbackArchitecture(units=7, time_steps=5).build(site())
    assert infos == network.layer_infos()
    assert infos["fc1"].neurons == 7
    assert infos["fc1"].unit.quantum == 1 / 5
