"""The reference responder: snnTorch's own loop, bounded, truncated, and safe to share."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import snntorch
import torch

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import NetworkSite, NetworkSpec, SpikingNetwork
from spikeatlas.snn.responder.plain import PlainResponder, count_spikes
from tests.snn.nets import network, noise_images
from tests.snn.responder.small import leaky as leaky_of


def by_snntorch(net: SpikingNetwork, images: np.ndarray) -> dict[str, np.ndarray]:
    """The loop as snnTorch's tutorials write it, with Leaky modules of its own."""
    leaky = [
        snntorch.Leaky(
            float(leaky_of(s).beta),
            threshold=float(leaky_of(s).threshold),
            reset_mechanism=leaky_of(s).reset_mechanism,
        )
        for s in net
    ]
    membranes = [neuron.init_leaky() for neuron in leaky]
    record: dict[str, list[torch.Tensor]] = {layer.name: [] for layer in net}
    with torch.no_grad():
        for _ in range(net.time_steps):
            x = net.normalise(torch.from_numpy(images))
            for i, layer in enumerate(net):
                x, membranes[i] = leaky[i](layer.currents(x), membranes[i])
                record[layer.name].append(x)
    return {
        name: torch.stack(spikes).double().flatten(3).mean((0, 3)).float().numpy()
        if spikes[0].dim() > 2
        else torch.stack(spikes).double().mean(0).float().numpy()
        for name, spikes in record.items()
    }


@pytest.mark.parametrize(
    "fields", [{}, {"reset": "zero"}, {"beta": (0.5, 0.9, 1.0, 0.0)}, {"threshold": 0.4}]
)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 9)])
def test_it_is_snntorchs_loop(fields: dict[str, Any], shape: tuple[int, int, int]) -> None:
    net, images = network(shape, **fields), noise_images(7, shape)

    found = PlainResponder(net, net.layers, batch_size=7)(images)

    for name, wanted in by_snntorch(net, images).items():
        np.testing.assert_array_equal(found[name], wanted)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32)])
def test_a_response_depends_on_its_stimulus_alone(shape: tuple[int, int, int]) -> None:
    net, images = network(shape), noise_images(23, shape)
    respond = PlainResponder(net, net.layers, batch_size=8)

    together = respond(images)
    shuffled = respond(images[::-1].copy())
    for name in net.layers:
        np.testing.assert_array_equal(together[name], shuffled[name][::-1])
        np.testing.assert_array_equal(together[name][5:6], respond(images[5:6])[name])


@pytest.mark.parametrize(("shape", "classes"), [((1, 8, 8), 2), ((3, 32, 32), 3), ((1, 8, 8), 10)])
@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_companions_and_places_in_a_batch_change_no_bit(
    shape: tuple[int, int, int], classes: int, coding: str
) -> None:
    spec = NetworkSpec(channels=(4, 6), hidden=(8,), time_steps=8, threshold=0.3, coding=coding)  # type: ignore[arg-type]
    level = [0.3] * shape[0]
    net = spec.build(NetworkSite(shape, classes, level, level, seed=0))
    respond = PlainResponder(net, net.layers, batch_size=61, key=CodingKey(0, "c", "search"))
    images, others = noise_images(61, shape), noise_images(61, shape, seed=1)
    rows = np.random.default_rng(0).permutation(61)
    mixed = np.concatenate([others[:30], images[rows[:31]]])

    together, moved = respond(images), respond(mixed)

    for name in net.layers:
        np.testing.assert_array_equal(moved[name][30:], together[name][rows[:31]])
        assert together[name].any()


def test_it_stops_at_the_deepest_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network()
    deeper = list(net)[2:]
    for layer in deeper:
        monkeypatch.setattr(layer, "currents", lambda _: pytest.fail("deeper than asked"))

    assert set(PlainResponder(net, ["conv2", "conv1"])(noise_images(3))) == {"conv1", "conv2"}


def test_two_threads_equal_one() -> None:
    net, images = network(), noise_images(40)
    respond = PlainResponder(net, net.layers, batch_size=16)
    wanted = respond(images)
    found: list[dict[str, np.ndarray]] = []
    threads = [
        threading.Thread(target=lambda: found.extend(respond(images) for _ in range(5)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 10
    for one in found:
        for name, rates in wanted.items():
            np.testing.assert_array_equal(one[name], rates)


def test_poisson_responses_are_means_over_presentations() -> None:
    net, images = network(coding="poisson"), noise_images(3)
    key = CodingKey(0, "c", "report")

    mean = PlainResponder(net, ["conv2"], key=key, presentations=3)(images)["conv2"]

    each = [PlainResponder(net, ["conv2"], key=key.shifted(k))(images)["conv2"] for k in range(3)]
    np.testing.assert_allclose(mean, np.mean(each, axis=0), rtol=1e-6)
    assert (each[0] != each[1]).any()


def test_layerwise_training_forward_counts_the_same_spikes() -> None:
    net, images = network(), noise_images(6)
    inputs = encode(net, images)

    counts = count_spikes(list(net), inputs, net.time_steps)["out"]

    assert torch.equal(net(inputs).sum(0), counts)


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (np.zeros((2, 1, 8, 8), np.float32), "float32"),
        (np.zeros((2, 3, 8, 8), np.uint8), "takes"),
        (np.zeros((1, 8, 8), np.uint8), "takes"),
    ],
)
def test_other_images_are_refused(images: np.ndarray, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        PlainResponder(network(), ["conv1"])(images)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_broken_weights_are_refused(value: float) -> None:
    net = network()
    with torch.no_grad():
        next(iter(net)).operator.weight[0, 0, 0, 0] = value

    with pytest.raises(ValueError, match=r"stages.0.operator.weight holds NaN or infinite"):
        PlainResponder(net, ["conv1"])


def test_no_images_no_responses() -> None:
    assert PlainResponder(network(), ["conv2"])(noise_images(0))["conv2"].shape == (0, 6)
