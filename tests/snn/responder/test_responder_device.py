"""Responses of a chain on another device than the processor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.readings import LatencyReading
from spikeatlas.snn.responder import Responder
from tests.gpu import needs_gpu, stand_in
from tests.snn.nets import network, noise_images

IMAGES = noise_images(9)
KEY = CodingKey(0, "c", "search")


@pytest.mark.parametrize("coding", ["current", "poisson"])
@pytest.mark.parametrize("kind", ["auto", "plain"])
def test_every_kind_gives_the_spikes_of_the_plain_loop(
    monkeypatch: pytest.MonkeyPatch, coding: Any, kind: Any
) -> None:
    stand_in(monkeypatch)
    net = network(coding=coding)
    fields: dict[str, Any] = {"batch_size": 4, "key": KEY, "presentations": 2}
    plain = Responder(net, net.layers, kind="plain", **fields)(IMAGES)
    there = Responder(net, net.layers, kind=kind, device="cuda", **fields)
    responses = there(IMAGES)
    for layer in net.layers:
        np.testing.assert_array_equal(responses[layer], plain[layer])
    if kind == "auto":
        assert all(line.endswith("on cuda") for line in there.describe())


def test_readings_and_positions_are_read_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    net = network()
    here = Responder(net, ["conv2"], reading=LatencyReading(), unit="centre")
    there = Responder(net, ["conv2"], reading=LatencyReading(), unit="centre", device="cuda")
    np.testing.assert_array_equal(there(IMAGES)["conv2"], here(IMAGES)["conv2"])


@needs_gpu
def test_few_spikes_differ_on_a_gpu() -> None:
    net = network()
    images = noise_images(256)
    here, there = (Responder(net, net.layers, device=name)(images) for name in ("cpu", "cuda"))
    for layer in net.layers:
        assert np.abs(here[layer] - there[layer]).sum() <= 1e-3 * here[layer].sum()
