from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from spikeatlas.snn.networks import NetworkSite, ResNetArchitecture
from tests.snn.resnets import inputs, resnet


def site(shape: tuple[int, int, int] = (3, 32, 32), seed: int = 0) -> NetworkSite:
    return NetworkSite(shape, 10, [0.5] * shape[0], [0.2] * shape[0], seed)


def test_the_papers_layers_by_default() -> None:
    infos = ResNetArchitecture().layer_infos((3, 32, 32), 10)

    assert len(infos) == 17
    assert sum(info.neurons for info in infos.values()) == 3904
    assert {(info.neurons, info.map) for info in infos.values()} == {
        (64, (16, 16)), (64, (8, 8)), (128, (4, 4)), (256, (2, 2)), (512, (1, 1)),
    }  # fmt: skip
    assert infos["sn1"].unit.quantum == 1 / (20 * 256)
    assert infos["sn1"].unit.bottom == 0


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 13, 10)])
@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
@torch.no_grad()
def test_layers_are_as_large_as_it_says(shape: tuple[int, int, int], stem: Any) -> None:
    architecture = ResNetArchitecture(blocks=(1, 2, 1), width=3, stem=stem, time_steps=2)
    network = architecture.build(site(shape)).eval()

    infos = architecture.layer_infos(shape, 10)

    for name, spikes in network.capture(inputs(network), len(network.layers)):
        assert spikes.shape == (2, 4, infos[name].neurons, *infos[name].map)
    assert list(infos) == list(network.layers)


def test_weights_come_from_the_seed_alone() -> None:
    architecture = ResNetArchitecture(width=4)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = architecture.build(site()).state_dict()

    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    again, other = architecture.build(site()).state_dict(), architecture.build(site(seed=1))
    assert all(torch.equal(values, again[name]) for name, values in first.items())
    assert not torch.equal(first["fc.weight"], other.fc.weight)
    assert not torch.equal(
        first["layer4.1.conv2.weight"], other.state_dict()["layer4.1.conv2.weight"]
    )


def test_signed_neurons_have_a_lower_end() -> None:
    architecture = ResNetArchitecture(neuron={"kind": "tests.snn.own_layers:Ternary"})  # type: ignore[arg-type]

    assert architecture.layer_infos((3, 32, 32), 10)["sn1"].unit.bottom == -1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"blocks": ()}, "blocks"),
        ({"width": 0}, "width"),
        ({"stem": "mnist"}, "stem"),
        ({"time_steps": 0}, "time_steps"),
        ({"neuron": "tests.snn.own_layers:Adaptive", "time_steps": 1}, "neuron: one step leaves no time"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ResNetArchitecture(**fields)
    with pytest.raises(ValueError, match=r"v_reset is 2"):
        resnet(neuron={"kind": "lif", "v_reset": 2.0})


def test_spikes_that_weigh_by_their_time_are_not_averaged() -> None:
    with pytest.raises(ValidationError, match=r"decoding: dsr-lif .* which mean counts alike"):
        resnet_of({"neuron": "dsr-lif"})
    resnet_of({"neuron": "dsr-lif", "decoding": "weighted-rate"})


def resnet_of(fields: dict[str, Any]) -> ResNetArchitecture:
    return TypeAdapter(ResNetArchitecture).validate_python(fields)
