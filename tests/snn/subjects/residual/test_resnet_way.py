from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.graph import FastWay
from spikeatlas.snn.networks import SilencedNeurons, with_neurons
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.subjects.residual.resnet_folds import fold_layers
from spikeatlas.snn.subjects.residual.resnet_way import layered_way
from tests.snn.nets import noise_images
from tests.snn.resnets import resnet


def way_of(network: Any) -> FastWay:
    way = layered_way(network)
    assert isinstance(way, FastWay), way
    return way


@pytest.mark.parametrize(
    "fields",
    [
        {"stem": "imagenet", "width": 16, "shape": (3, 32, 32)},
        {"stem": "cifar", "coding": "poisson"},
        {"reset": "subtract", "neuron": {"kind": "lif", "tau": 1.6, "decay_input": False}},
        {"neuron": {"kind": "lif", "v_reset": -0.2}, "blocks": (1, 2)},
        {"neuron": "leaky", "reset": "subtract", "beta": 0.8},
        {"neuron": "tests.snn.own_layers:Ternary", "blocks": (1, 1)},
    ],
    ids=str,
)
@torch.no_grad()
def test_no_count_differs_from_torchs_layers(fields: dict[str, Any]) -> None:
    network = resnet(**fields)
    way = way_of(network)
    inputs = encode(network, noise_images(9, network.input_shape, 5), CodingKey(0, "", "test"))
    values = fold_layers(network, inputs, network.layers)

    rates = way.counts(
        inputs[0] if len(inputs) == 1 else inputs,
        network.layers,
        {name: range(folded.shape[1]) for name, folded in values.items()},
    )

    assert way.name == "layered"
    for name, folded in values.items():
        assert np.array_equal(rates[name], RATE.responses(folded, network.time_steps)), name
        assert rates[name].any()


def test_a_silenced_network_has_one_too() -> None:
    network = resnet(blocks=(1, 1))
    other = with_neurons(
        network, "layer1.0.sn2", SilencedNeurons(network.neurons("layer1.0.sn2"), 2)
    )
    images = network.normalise(torch.from_numpy(noise_images(3, network.input_shape)))

    rates = way_of(other).counts(images, ["layer1.0.sn2"], {"layer1.0.sn2": range(4)})

    assert not rates["layer1.0.sn2"][:, 2].any()
    assert rates["layer1.0.sn2"].any()


def test_a_way_with_other_spikes_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    network = resnet(blocks=(1, 1))
    right = FastWay.counts

    def counts(self: FastWay, *arguments: Any) -> Any:
        rates = right(self, *arguments)
        rates["layer2.0.sn1"][0, 0] += 1 / 80
        return rates

    monkeypatch.setattr(FastWay, "counts", counts)

    assert layered_way(network) == "the faster way gives other spikes in layer2.0.sn1"
