from __future__ import annotations

import re
import subprocess
import sys

import pytest
import snntorch
from torch import nn

from spikeatlas.snn.modules.neuron_modules import (
    Place,
    is_neuron,
    is_never_negative,
    named_places,
)
from tests.networks import other_nets, snntorch_nets, spikingjelly_nets


def test_neurons_of_three_libraries_are_found_by_their_paths() -> None:
    assert list(named_places(snntorch_nets.tutorial(), "auto")) == ["lif1", "lif2", "lif3"]
    assert list(named_places(snntorch_nets.nested_step(), "auto")) == ["0.2", "1.1", "4"]
    assert list(named_places(other_nets.norse(), "auto")) == ["l", "l2"]
    assert list(named_places(spikingjelly_nets.cifar(), "auto")) == [
        "2",
        "5",
        "9",
        "12",
        "17",
        "20",
    ]


def test_activations_are_layers_where_no_neuron_is() -> None:
    net = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Softplus(), nn.Identity())
    assert list(named_places(net, "auto")) == ["0", "2"]
    assert list(named_places(nn.Sequential(net, snntorch.Leaky(beta=0.5)), "auto")) == ["1"]


def test_places_are_named_by_hand() -> None:
    net = snntorch_nets.tutorial()
    assert named_places(net, {"first": "lif1#2"}) == {"first": Place("lif1", 2)}
    assert named_places(net, ["lif2", "conv1"]) == {"lif2": Place("lif2"), "conv1": Place("conv1")}
    assert Place.of("a#b") == Place("a#b")


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        (["lif4"], "names 'lif4', but the module has no such part (did you mean lif3"),
        ([], "network.layers is empty"),
    ],
)
def test_parts_that_are_none_are_named(layers: list[str], sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        named_places(snntorch_nets.tutorial(), layers)


def test_functions_are_no_layers() -> None:
    sentence = (
        "no neuron module found: name modules in network.layers, or use nn.ReLU in place of F.relu."
    )
    with pytest.raises(ValueError, match=re.escape(sentence)):
        named_places(other_nets.functional(), "auto")


def test_kinds_of_modules() -> None:
    assert is_neuron(snntorch.Synaptic(alpha=0.5, beta=0.5))
    assert not is_neuron(nn.ReLU())
    assert not is_neuron(None)
    assert is_never_negative(nn.ReLU6())
    assert not is_never_negative(nn.GELU())


def test_libraries_of_others_are_not_imported() -> None:
    code = (
        "import sys, spikeatlas.snn.subjects.module\n"
        "assert not {'spikingjelly', 'norse', 'nir'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
