from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import snntorch
import torch
from pydantic import ValidationError
from torch import nn

from spikeatlas.snn.networks import (
    NetworkSite,
    NetworkSpec,
    layer_maps,
    layer_sizes,
    pixel_statistics,
)
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.responder import Responder
from tests.snn.nets import network, noise_images


def test_layers_are_named_from_the_input_on() -> None:
    spec = NetworkSpec(channels=(3, 5), hidden=(7,))

    assert layer_sizes(spec, 10) == {"conv1": 3, "conv2": 5, "fc1": 7, "out": 10}
    assert network(channels=(3, 5), hidden=(7,)).sizes == layer_sizes(spec, 10)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"kernel": 4}, "odd"),
        ({"beta": (0.9, 0.8)}, "4 spiking layers"),
        ({"threshold": 0.0}, "threshold"),
        ({"beta": 1.5}, "beta"),
        ({"time_steps": 0}, "time_steps"),
        ({"channels": (0,)}, "channels"),
        ({"pool": ("max",)}, "pool has 1 values: give one for all, or one for each of the 2"),
        ({"widths": 3}, "widths"),
    ],
)
def test_a_bad_spec_is_refused(fields: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        NetworkSpec(**fields)  # type: ignore[arg-type]


def test_building_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    wanted = torch.rand(3)
    torch.manual_seed(3)

    first, second = network(seed=1), network(seed=1)

    assert torch.equal(torch.rand(3), wanted)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name])
    assert not torch.equal(
        network(seed=2).state_dict()["stages.0.operator.weight"],
        first.state_dict()["stages.0.operator.weight"],
    )


def test_neurons_do_not_stay_alive_in_snntorch() -> None:
    before = len(snntorch.SpikingNeuron.instances)

    network()

    assert len(snntorch.SpikingNeuron.instances) == before


def test_a_network_that_has_run_is_pickled_and_copied() -> None:
    net = network()
    inputs = net.normalise(torch.from_numpy(noise_images(2)))[None]
    spikes = net(inputs)
    spikes.sum().backward()

    for other in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):  # noqa: S301 - our own bytes
        assert torch.equal(other(inputs), spikes)


@pytest.mark.parametrize("outputs", [1, 2, 3, 7, 8, 11])
@pytest.mark.parametrize("batch", [2, 7, 61, 255])
def test_a_linear_row_is_the_same_bits_anywhere_in_its_batch(outputs: int, batch: int) -> None:
    # nn.Linear fails this below 4 outputs: its kernel sums a row by where it stands
    generator = torch.Generator().manual_seed(outputs)
    layer, inputs = SteadyLinear(33, outputs), torch.randn(batch, 33, generator=generator)
    rows = torch.randperm(batch, generator=generator)
    with torch.no_grad():
        together = layer(inputs)

        assert torch.equal(layer(inputs[rows]), together[rows])
        torch.testing.assert_close(
            together, torch.nn.functional.linear(inputs, layer.weight, layer.bias)
        )


@pytest.mark.parametrize("side", [7, 8, 28, 32])
def test_any_square_size_runs(side: int) -> None:
    net = network((3, side, side))

    spikes = net(net.normalise(torch.from_numpy(noise_images(2, (3, side, side))))[None])

    assert spikes.shape == (8, 2, 10)


def test_unknown_layers_get_near_names() -> None:
    with pytest.raises(ValueError, match="did you mean conv2"):
        network().upto(["convv2"])


def test_statistics_are_of_pixels_over_255() -> None:
    images = noise_images(50, (3, 4, 4))
    images[:, 2] = 9
    mean, std = pixel_statistics(images)

    np.testing.assert_allclose(mean, (images / 255).mean((0, 2, 3)))
    np.testing.assert_allclose(std[:2], (images / 255).std((0, 2, 3))[:2])
    assert std[2] == 1.0


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one for each of the 3 channels"):
        NetworkSpec().build(NetworkSite((3, 8, 8), 10, [0.0], [1.0], seed=0))


@pytest.mark.parametrize("pool", ["max", "average", "none", ("none", "average")])
def test_maps_are_pooled_as_the_study_says(pool: Any) -> None:
    made = network(pool=pool, bias=False).eval()
    spec = NetworkSpec(channels=(4, 6), hidden=(8,), pool=pool)
    inputs = made.normalise(torch.from_numpy(noise_images(3)))[None]
    kinds = {"max": nn.MaxPool2d, "average": nn.AvgPool2d, "none": type(None)}

    assert [type(layer.pool) for layer in made][:2] == [kinds[kind] for kind in spec.pools]
    assert all(layer.operator.bias is None for layer in made)
    assert torch.equal(made(inputs), made.unroll(inputs))
    maps = layer_maps(spec, (1, 8, 8))
    rates = Responder(made, list(made.layers))(noise_images(3))
    assert rates["conv2"].shape == (3, 6)
    assert maps["conv1"] == ((8, 8) if spec.pools[0] == "none" else (4, 4))


def test_a_network_may_have_no_convolution() -> None:
    made = network(channels=(), hidden=(12,), neuron="relu", time_steps=1).eval()
    images = noise_images(3)

    rates = Responder(made, list(made.layers))(images)

    assert made.layers == ("fc1", "out")
    inputs = made.normalise(torch.from_numpy(images)).flatten(1)
    first = next(iter(made))
    expected = first.operator(inputs).relu().detach().numpy()
    assert np.allclose(rates["fc1"], expected, atol=1e-5)


def test_spikes_of_layers_are_captured_one_by_one() -> None:
    made = network().eval()
    inputs = made.normalise(torch.from_numpy(noise_images(3)))[None]

    rows = dict(made.capture(inputs, 2))
    whole = dict(made.capture(inputs, len(made.layers)))

    assert tuple(rows) == made.layers[:2]
    assert all(torch.equal(spikes, whole[name]) for name, spikes in rows.items())
    assert torch.equal(whole["out"], made(inputs))
    assert made.neurons("conv2") is list(made)[1].neuron
