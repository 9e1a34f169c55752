from __future__ import annotations

import re
from typing import Any

import pytest
import snntorch
import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.neuron_modules import named_places
from spikeatlas.snn.modules.trials.trial import Trial, try_module
from tests.networks import other_nets, snntorch_nets
from tests.networks.snntorch_nets import STEPS
from tests.snn.modules.trials.test_trial_drive import Folded

GREY = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def tried(net: nn.Module, layers: Any = "auto", pictures: Tensor = GREY, **fields: Any) -> Trial:
    torch.manual_seed(0)
    places = named_places(net, layers)
    return try_module(net.eval(), places, pictures, named=layers != "auto", **fields)


def test_layers_are_named_by_their_calls() -> None:
    trial = tried(other_nets.torchvision_resnet18(), pictures=torch.rand(3, 3, 16, 16))
    names = list(trial.layers)
    assert len(names) == 17
    assert names[:4] == ["relu", "layer1.0.relu#1", "layer1.0.relu#2", "layer1.1.relu#1"]
    assert names[-1] == "layer4.1.relu#2"
    assert not any(layer.spikes or layer.signed for layer in trial.layers.values())
    trial = tried(snntorch_nets.two_places(), time_steps=STEPS)
    assert list(trial.layers) == ["lif#1", "lif#2"]
    assert all(layer.spikes for layer in trial.layers.values())


def test_layers_stand_in_the_order_of_their_calls() -> None:
    trial = tried(snntorch_nets.tutorial(), {"out put": "lif3", "first": "lif1"})
    assert list(trial.layers) == ["first", "out put"]


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ({"a": "layer1.0.relu"}, "layer1.0.relu (a) is called 2 times in one step: write layer1.0.relu#1 to"),
        (["layer1.0.relu#3"], "layer1.0.relu#3 does not exist; layer1.0.relu is called 2 times"),
        ({"a": "relu", "b": "relu"}, "network.layers: a and b are one layer"),
    ],
)  # fmt: skip
def test_names_that_are_not_clear(layers: Any, sentence: str) -> None:
    net = other_nets.torchvision_resnet18()
    with pytest.raises(ValueError, match=re.escape(sentence)):
        tried(net, layers, torch.rand(3, 3, 16, 16))


def test_parts_that_are_never_called() -> None:
    net = snntorch_nets.tutorial()
    net.spare = nn.ReLU()
    with pytest.raises(
        ValueError, match=r"network.layers: the module does not call spare: leave it out"
    ):
        tried(net, ["spare", "lif1"])
    net.lif4 = snntorch.Leaky(0.5)
    trial = tried(net)
    assert list(trial.layers) == ["lif1", "lif2", "lif3"]
    assert trial.left_out == {"lif4": "the module does not call lif4: leave it out"}


def test_layers_of_currents_have_another_unit_than_spikes() -> None:
    trial = tried(snntorch_nets.tutorial(), ["conv1", "lif1"])
    assert [(layer.spikes, layer.signed) for layer in trial.layers.values()] == [
        (False, True),
        (True, False),
    ]
    assert trial.drive.time_steps == STEPS


def test_neurons_of_a_users_own_are_told_by_their_values() -> None:
    class Own(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x > 0.5).float()

    net = nn.Sequential(Own(), nn.Flatten(), nn.Linear(64, 10))
    trial = tried(net, ["0"], time_steps=4)
    assert trial.layers["0"].spikes
    assert (trial.drive.kind, trial.drive.time_steps) == ("steps", 4)


def test_signed_and_graded_spikes() -> None:
    class Signed(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x > 0.5).float() - (x < 0.2).float()

    trial = tried(nn.Sequential(Signed(), nn.Flatten()), ["0"], time_steps=4)
    assert (trial.layers["0"].spikes, trial.layers["0"].signed) == (True, True)
    graded = snntorch.Leaky(beta=0.5, threshold=0.3, init_hidden=True, graded_spikes_factor=2.0)
    trial = tried(nn.Sequential(graded, nn.Flatten()), time_steps=4)
    assert not trial.layers["0"].spikes


@pytest.mark.parametrize("images_first", [True, False])
def test_the_order_of_folded_steps_is_found(images_first: bool) -> None:
    trial = tried(Folded(images_first=images_first), ["fold"])
    assert trial.layers["fold"].place.shape.fold == ("batch" if images_first else "time")


def test_batches_that_are_sequences_are_taken_as_frames() -> None:
    net = snntorch_nets.folded_sequence()
    assert tried(net, ["neurons"], time_steps=6).drive.kind == "frames"
    with pytest.raises(ValueError, match=r"write network.time_steps"):
        tried(net, ["neurons"])
