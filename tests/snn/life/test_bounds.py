"""Bounds hold the responses to all images; in the first layer the largest current is an image's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.life import DriveResponder, extreme_images, response_bounds, thresholds
from spikeatlas.snn.life.signal_bounds import currents, input_interval, normalised
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.training.methods.tandem.hybrid_network import neuron_of
from tests.snn.nets import network, noise_images

SUMMED = {"kind": "batch", "statistics": "sum"}
KINDS: dict[str, dict[str, Any]] = {
    "relu": {"neuron": "relu", "time_steps": 1, "decoding": "membrane", "norm": "batch"},
    "average": {"neuron": "relu", "time_steps": 1, "decoding": "membrane", "pool": "average"},
    "leaky": {"threshold": 1.5},
    "poisson": {"neuron": "lif", "threshold": 0.5, "coding": "poisson", "norm": "bntt"},
    "signed": {"neuron": "clif", "coding": "signed-poisson", "channels": (), "hidden": (9, 7)},
    "pulse": {"coding": "first-step", "neuron": {"kind": "dsr-if", "threshold": 0.5}, "decoding": "membrane"},
    "desire": {"neuron": "desire-if", "coding": "integrate-and-fire", "channels": (), "hidden": (9, 7), "bias": False},
    "analogue": {"neuron": "tandem", "coding": "first-step", "decoding": "mean", "pool": "average"},
    "converted": {"neuron": "tandem", "coding": "first-step", "decoding": "mean", "norm": SUMMED, "pool": "average"},
    "hah": {"norm": ("hah", "none", "none", "none"), "bias": False, "threshold": 0.2},
    "backei": {"neuron": "backei", "threshold": 0.2},
}  # fmt: skip


@pytest.fixture(params=KINDS, ids=str)
def made(request: pytest.FixtureRequest) -> SpikingNetwork:
    """A network with weights of all sizes, so that some units are silent and some are not."""
    built = network(**KINDS[request.param])
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for layer in built:
            scale = 3 * torch.rand(layer.size, generator=generator).square() - 0.4
            layer.operator.weight.mul_(scale.view(-1, *(1,) * (layer.operator.weight.dim() - 1)))
            if layer.operator.bias is not None:
                layer.operator.bias.sub_(0.4 * torch.rand(layer.size, generator=generator))
            for gain in () if layer.norm is None else layer.norm.scales():
                gain.mul_(2 * torch.rand(gain.shape, generator=generator) - 0.5)
        if request.param == "converted":
            neuron_of(next(iter(built))).converted.fill_(1)
    return built.eval()


def stimuli(seed: int) -> np.ndarray:
    """Images of all contrasts, and black and white ones."""
    grey, rows = noise_images(1500, seed=seed), np.random.default_rng(seed)
    black_and_white = 255 * (grey > rows.integers(0, 256, (1500, 1, 1, 1)))
    return np.concatenate([grey, black_and_white.astype(np.uint8)])


def test_bounds_hold_the_responses_to_thousands_of_images(made: SpikingNetwork) -> None:
    bounds = response_bounds(made)
    key = CodingKey(0, "", "test", 0)
    images = (
        np.concatenate([stimuli(3), extreme_images(made)[:1]])
        if "signed" not in made.coding
        else stimuli(3)
    )
    with torch.no_grad():
        for name, outputs in made.capture(encode(made, images, key), len(made.layers) - 1):
            spikes = made.neurons(name).relative(outputs)
            responses = spikes.mean(0).reshape(len(images), made.sizes[name], -1).mean(2).numpy()
            assert (responses.min(0) >= bounds[name].low - 1e-6).all()
            assert (responses.max(0) <= bounds[name].high + 1e-6).all()
            silent = bounds[name].high == 0
            assert not responses[:, silent].any()


@pytest.mark.parametrize("kind", ["leaky", "pulse", "desire", "analogue"])
def test_some_bounds_say_something(kind: str) -> None:
    built = network(**KINDS[kind])
    first = next(iter(built))
    with torch.no_grad():
        first.operator.weight[1] *= 0.01
        if first.operator.bias is not None:
            first.operator.bias[1] = -0.1
    (bounds, *_) = response_bounds(built).values()
    assert bounds.high[1] == 0
    assert (bounds.high > 0).any()
    assert np.isfinite(bounds.high).all()


@pytest.mark.parametrize(
    "fields",
    [{}, {"pool": "none", "norm": "batch"}, {"pool": "average", "norm": "batch"}, {"channels": ()}],
    ids=str,
)
def test_extreme_images_reach_the_first_layer_s_bound(fields: dict[str, Any]) -> None:
    built = network(**{"neuron": "relu", "time_steps": 1, "decoding": "membrane", **fields})
    first = built.layers[0]
    norm = next(iter(built)).norm
    if norm is not None:
        with torch.no_grad():
            norm.scales()[0][1] = -1.0
    drive = DriveResponder(built.eval(), {first: range(built.sizes[first])})
    images = extreme_images(built)

    best = np.diagonal(drive(images)[first])
    others = drive(stimuli(4))[first].max(0)
    assert (best >= others - 1e-5).all()
    layer = next(iter(built))
    high = normalised(layer.norm, currents(layer, input_interval(built))).high
    np.testing.assert_allclose(best, high.reshape(built.sizes[first], -1).amax(1), rtol=1e-4)


def test_a_unit_whose_window_no_image_fills_is_dead() -> None:
    """Each position's current can be 0.25, but a window's mean is -0.25 at most: its positions ask for other pixels."""
    built = network(
        channels=(1,), hidden=(), kernel=3, neuron="relu", time_steps=1, pool="average",
        decoding="membrane",
    )  # fmt: skip
    operator = next(iter(built)).operator
    with torch.no_grad():
        operator.weight.zero_()
        operator.weight[0, 0, 1, 1:] = torch.tensor([1.0, -1.0]) * built.std
        operator.bias.fill_(-0.75)  # type: ignore[union-attr]
        whole = built.eval()
    assert response_bounds(whole)["conv1"].high[0] == 0
    assert DriveResponder(whole, {"conv1": [0]})(extreme_images(whole))["conv1"][0, 0] < 0


def test_spikes_of_both_signs_have_no_extreme_image() -> None:
    with pytest.raises(ValueError, match="not signed-poisson"):
        extreme_images(network(coding="signed-poisson"))


def test_a_drive_in_thresholds_is_a_share_of_each_unit_s() -> None:
    built = network(threshold=(0.5, 2.0, 1.0, 1.0)).eval()
    names = list(built.sizes)[:2]
    units = {name: [0, 2] for name in names}
    images = noise_images(20)
    currents, shares = (
        DriveResponder(built, units, in_thresholds=flag)(images) for flag in (False, True)
    )
    for name, threshold in zip(names, (0.5, 2.0), strict=True):
        np.testing.assert_allclose(shares[name], currents[name] / threshold, rtol=1e-6)


def test_neurons_without_a_rule_have_no_threshold() -> None:
    relu = network(**KINDS["relu"])
    assert all(thresholds(layer) is None for layer in relu)
