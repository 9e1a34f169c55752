from __future__ import annotations

import math

import pytest
import torch

from spikeatlas.snn.layer_info import spike_unit
from spikeatlas.snn.networks import pixel_statistics
from spikeatlas.snn.subjects.module import MeanStd, ModuleSpec
from spikeatlas.snn.subjects.module_layers import accuracy_warning, module_scaling
from tests.networks.showing import OTHER, SNNTORCH, module_source, picture_data


def test_units_of_spikes_and_of_activations() -> None:
    layers = module_source(f"{SNNTORCH}:tutorial", layers=["conv1", "lif1", "lif3"]).layers
    assert layers["lif1"].unit == spike_unit(10, (3, 3))
    assert layers["lif3"].unit == spike_unit(10)
    unit = layers["conv1"].unit
    assert (unit.name, unit.top, unit.bottom, unit.quantum) == ("natural maximum", None, None, None)
    assert module_source(f"{OTHER}:small").layers["relu1"].unit.bottom == 0.0


def test_the_layer_of_classes_comes_last() -> None:
    source = module_source(f"{OTHER}:small", classes="logit")
    assert list(source.layers) == ["relu1", "relu2", "classes"]
    with pytest.raises(ValueError, match=r"has a layer 'classes', which network.classes adds"):
        module_source(f"{OTHER}:small", classes="logit", layers={"classes": "relu1"})


def test_scalings_of_a_study() -> None:
    data = picture_data(3)
    mean, std = pixel_statistics(data.train.images)
    scaling = module_scaling(ModuleSpec(factory="a:b", normalise="data"), data)
    assert torch.equal(scaling.mean, torch.tensor(mean, dtype=torch.float32))
    assert torch.equal(scaling.std, torch.tensor(std, dtype=torch.float32))
    own = ModuleSpec(factory="a:b", normalise=MeanStd((0.25,), (0.5,)))
    assert module_scaling(own, data).mean.tolist() == [0.25] * 3


@pytest.mark.parametrize(
    ("accuracy", "recorded", "words"),
    [
        (0.70, 0.71, None),
        (
            0.50,
            0.71,
            "reads 50.0% of the test images right, but its checkpoint records 71.0%: is network.normalise",
        ),
        (0.50, math.nan, None),
        (
            0.11,
            math.nan,
            "no more than chance: are network.normalise, network.readout and the order of the classes",
        ),
    ],
)
def test_an_accuracy_that_is_not_the_trainings(
    accuracy: float, recorded: float, words: str | None
) -> None:
    warning = accuracy_warning(3, accuracy, recorded, 10)
    assert (warning is None) if words is None else words in str(warning)


def test_parts_that_are_no_layers_are_told_from_names_that_there_are_not() -> None:
    hidden = module_source(f"{SNNTORCH}:tutorial", layers={"first": "lif1"}).hidden
    assert hidden["lif1"] == "is layer first here"
    assert hidden["lif2"] == "is a part of the module, but no layer that network.layers names"
    assert "first" not in hidden
    assert "lif4" not in hidden
    reason = module_source("tests.networks.token_nets:transformer").hidden["first"]
    assert reason.startswith("is no layer (first gives 16 x 12 numbers for an image")
