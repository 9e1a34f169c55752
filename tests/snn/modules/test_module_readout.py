from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.capture import Capture
from spikeatlas.snn.modules.module_readout import Readout, find_readout
from spikeatlas.snn.modules.neuron_modules import named_places
from spikeatlas.snn.modules.trials import Trial, try_module
from tests.networks import other_nets, snntorch_nets, spikingjelly_nets
from tests.networks.snntorch_nets import STEPS

GREY = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def found(net: nn.Module, text: str = "auto", **fields: Any) -> tuple[Readout | None, Trial]:
    net.eval()
    trial = try_module(net, named_places(net, "auto"), GREY, **fields)
    return find_readout(net, trial, text), trial


def scores(net: nn.Module, text: str = "auto", **fields: Any) -> tuple[str, Any]:
    readout, trial = found(net, text, **fields)
    assert readout is not None
    return readout.name, readout.read(Capture(net, trial.drive), GREY[None])


@pytest.mark.parametrize("text", ["auto", "lif3"])
def test_counts_of_the_last_layer(text: str) -> None:
    net = snntorch_nets.tutorial()
    name, values = scores(net, text)
    assert name == ("output[0]" if text == "auto" else "lif3")
    assert np.array_equal(values, net.record(GREY)["lif3"].double().sum(0).numpy())


def test_of_several_outputs_auto_takes_the_spikes_of_the_last_layer() -> None:
    # trap 8
    net = snntorch_nets.swapped()
    name, values = scores(net)
    assert name == "output[1]"
    assert np.array_equal(values, net.record(GREY)["lif3"].double().sum(0).numpy())


def test_auto_asks_where_none_of_several_is_the_last_layers_spikes() -> None:
    with pytest.raises(
        ValueError, match=r"auto cannot tell .* write output\[0\], output\[1\], or a layer's name"
    ):
        found(snntorch_nets.membranes_only())
    name, values = scores(snntorch_nets.membranes_only(), "output[0]")
    assert name == "output[0]"
    assert values.min() < 0


def test_what_is_no_spike_is_averaged_over_time() -> None:
    net = spikingjelly_nets.library()["layer"].VotingLayer(2)
    step = nn.Sequential(snntorch_nets.nested_step(), net).eval()
    name, values = scores(step, time_steps=STEPS)
    with torch.no_grad():
        outputs = torch.stack([step(GREY) for _ in range(STEPS)])
    assert name == "output"
    assert np.array_equal(values, outputs.double().sum(0).numpy() / STEPS)


def test_scores_of_an_ann_are_its_output() -> None:
    net = other_nets.small().eval()
    with torch.no_grad():
        expected = net(GREY).double().numpy()
    assert np.array_equal(scores(net)[1], expected)


def test_maps_are_no_read_out() -> None:
    assert found(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()))[0] is None

    class Maps(other_nets.Small):
        def forward(self, x: Tensor) -> Any:
            return {"maps": self.relu1(self.conv(x)), "more": [x]}

    assert found(Maps())[0] is None


class Table(other_nets.Small):
    """Returns its scores among maps, in a dict."""

    def forward(self, x: Tensor) -> Any:
        return {"maps": x, "scores": [super().forward(x)], "words": "yes"}


class SpikeTable(snntorch_nets.Tutorial):
    """Returns spikes and membranes by their names."""

    def forward(self, x: Tensor) -> Any:
        spikes, membranes = super().forward(x)
        return {"mem": membranes, "spk": spikes}


@pytest.mark.parametrize("text", ["auto", "output[scores][0]", "output['scores'][0]"])
def test_scores_in_a_dict_are_found_and_named(text: str) -> None:
    net = Table().eval()
    with torch.no_grad():
        expected = net(GREY)["scores"][0].double().numpy()
    name, values = scores(net, text)
    assert name == "output[scores][0]"
    assert np.array_equal(values, expected)


def test_spikes_in_a_dict_are_found_and_others_named() -> None:
    net = SpikeTable()
    name, values = scores(net)
    assert name == "output[spk]"
    assert np.array_equal(values, net.record(GREY)["lif3"].double().sum(0).numpy())
    assert scores(net, "output[mem]")[0] == "output[mem]"
    sentence = (
        "the module's output[0] is no tensor with one score for each class (for two images it returns output[mem] of shape "
        "(10, 2, 10), output[spk] of shape (10, 2, 10)): write output[mem], output[spk], or a layer's name"
    )
    with pytest.raises(ValueError, match=re.escape(sentence)):
        found(SpikeTable(), "output[0]")
    with pytest.raises(
        ValueError, match=r"write auto, none, output\[mem\], output\[spk\], or one of"
    ):
        found(SpikeTable(), "spk")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lif4", "network.readout is 'lif4' (did you mean lif3"),
        ("lif1", "layer lif1 has maps of (3, 3); a read-out has one number a class"),
        ("output[2]", "the module's output[2] is no tensor with one score for each class"),
        ("output", "the module's output is no tensor"),
    ],
)
def test_names_that_are_no_read_out(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        found(snntorch_nets.tutorial(), text)


def test_a_read_out_knows_the_layer_that_it_is() -> None:
    twins = {
        text: found(snntorch_nets.tutorial(), text)[0]
        for text in ("auto", "output[0]", "output[1]", "lif3")
    }
    assert {text: readout.twin for text, readout in twins.items() if readout} == {
        "auto": "lif3",
        "output[0]": "lif3",
        "output[1]": None,
        "lif3": "lif3",
    }


def test_counts_of_a_network_that_is_silent_before_training() -> None:
    net = snntorch_nets.nested()
    nn.init.constant_(net.get_parameter("net.3.bias"), -100.0)
    readout, _ = found(net)
    assert readout is not None
    assert (readout.spikes, readout.twin) == (True, "net.4")
