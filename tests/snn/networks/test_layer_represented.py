"""Layers whose spikes represent numbers: one pass back through an operator, whatever the number of steps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork, silenced
from spikeatlas.snn.networks.layer import SpikingLayer
from tests.snn.nets import network

LIF: dict[str, Any] = {"neuron": "dsr-lif", "decoding": "weighted-rate"}
IF: dict[str, Any] = {"neuron": {"kind": "dsr-if", "threshold": 0.7}}


def slopes(made: SpikingNetwork, inputs: Tensor) -> list[Tensor]:
    """Gradients of all parameters."""
    loss = made.scores(made(inputs)).square().sum()
    return list(torch.autograd.grad(loss, list(made.parameters())))


@pytest.mark.parametrize("fields", [IF, LIF], ids=["if", "lif"])
@pytest.mark.parametrize("frames", [1, 8])
def test_gradients_are_those_over_all_steps(
    fields: dict[str, Any], frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoding = {"kind": "membrane", "leak": 0.951 if fields is LIF else 1.0}
    made = network(pool="average", **{**fields, "decoding": decoding})
    inputs = torch.randn((frames, 6, 1, 8, 8), generator=torch.Generator().manual_seed(0)) * 3
    outputs, fast = made(inputs), slopes(made, inputs)

    assert torch.equal(outputs, made.unroll(inputs))
    assert fast[0].any()
    monkeypatch.setattr(SpikingLayer, "_represents", False)
    assert torch.equal(outputs, made(inputs))
    for slope, expected in zip(fast, slopes(made, inputs), strict=True):
        scale = max(float(expected.abs().max()), 1.0)
        torch.testing.assert_close(slope, expected, rtol=1e-4, atol=1e-5 * scale)


def test_a_maximum_of_each_step_is_no_maximum_of_numbers() -> None:
    layers = list(network(pool=("max", "average"), **IF))

    assert [layer._represents for layer in layers] == [False, True, True, True]


@pytest.mark.parametrize("fields", [IF, LIF], ids=["if", "lif"])
@torch.no_grad()
def test_a_silenced_neuron_leaves_others_as_high_as_they_were(fields: dict[str, Any]) -> None:
    made = network(**fields)
    inputs = torch.randn((1, 6, 1, 8, 8), generator=torch.Generator().manual_seed(0)) + 0.5
    for layer in made.layers:
        other = silenced(made, layer, 1)
        neurons = next(part.neuron for part in other if part.name == layer)
        height = made.upto([layer])[-1].neuron.height

        assert neurons.height == height
        assert torch.equal(other(inputs), other.unroll(inputs))
        assert neurons.relative(torch.ones(1) * height).tolist() == [1]
    assert not torch.equal(
        silenced(made, "conv1", 1).scores(other(inputs))[:, 1], made.scores(made(inputs))[:, 1]
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"neuron": "dsr-lif"}, r"decoding: .*rate counts alike; set network\.decoding to \{kind: weighted-rate"),
        ({**LIF, "neuron": {"kind": "dsr-lif", "dt": 0.1}}, r"but dsr-lif neurons .* 0\.905 of it; set tau to 1 and dt to 0\.1"),
        ({**IF, "decoding": "weighted-rate"}, "dsr-if neurons represent numbers by spikes that weigh 1 of it; choose rate"),
        ({"neuron": "dsr-lif", "decoding": "mean"}, r"which mean counts alike; set network\.decoding to \{kind: weighted-rate"),
        ({"neuron": "dsr-lif", "decoding": "population"}, "which population counts alike"),
        ({"neuron": "dsr-lif", "decoding": "membrane"}, r"over last and leak 0\.951, not with over last and leak 1; set"),
        ({"neuron": "dsr-if", "decoding": {"kind": "membrane", "over": "max"}}, "leak 1, not with over max and leak 1; set"),
        ({"neuron": {"kind": "dsr-lif", "dt": 1e-9}, "decoding": "membrane"}, "let dt / tau be 1e-7 to 80"),
        ({"neuron": {"kind": "dsr-lif", "dt": 1e3}, "decoding": "membrane"}, "let dt / tau be 1e-7 to 80"),
        ({**IF, "norm": "bntt"}, "norm: bntt treats time steps differently, but dsr-if neurons learn from a mean"),
        ({**LIF, "norm": "bntt"}, "norm: bntt treats time steps differently, but dsr-lif neurons learn from a mean"),
        ({**IF, "norm": {"kind": "sequence", "parts": ["bntt", "sparsify"]}}, "norm: sequence treats time steps differently"),
        ({**IF, "norm": "tests.snn.own_layers:Ramp"}, "norm: .*Ramp treats time steps differently"),
        ({**LIF, "norm": ("none", "tests.snn.own_layers:Ramp", "none", "none")}, "learn from a mean over all steps"),
    ],
)  # fmt: skip
def test_pairs_that_represent_nothing_are_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TypeAdapter(NetworkSpec).validate_python(fields)
