"""Responses to sequences of frames, and what is measured of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.importance import ImportanceSite
from spikeatlas.snn.importance.ablation import ablate
from spikeatlas.snn.readings import READINGS
from spikeatlas.snn.responder import PlainResponder, Responder
from spikeatlas.snn.subjects import ChainSubject
from tests.snn.responder.small import network, pictures

KEY = CodingKey(3, "c", "report")
SHAPE = (2, 9, 9)


def sequences(count: int = 5, frames: int = 4) -> np.ndarray:
    return pictures("noise", SHAPE, count * frames).reshape(count, frames, *SHAPE)


@pytest.mark.parametrize("coding", ["current", "poisson"])
@pytest.mark.parametrize("reading", ["rate", "latency"])
def test_they_equal_the_plain_loop(coding: Any, reading: str) -> None:
    net = network(SHAPE, channels=(5, 6), hidden=(7,), time_steps=12, coding=coding)
    options: dict[str, Any] = {"batch_size": 3, "key": KEY, "reading": READINGS.read(reading)}
    shown = sequences()

    responses = Responder(net, net.layers, **options)(shown)

    plain = PlainResponder(net, net.layers, **options)(shown)
    for name in net.layers:
        np.testing.assert_array_equal(responses[name], plain[name])
    assert responses["conv2"].any()


def test_a_sequence_of_one_image_is_that_image() -> None:
    net = network(SHAPE, channels=(5, 6), hidden=(7,), time_steps=12)
    image = pictures("noise", SHAPE, 5)
    respond = Responder(net, net.layers, neurons={"conv1": [4, 0]}, batch_size=3)

    still, constant = respond(image), respond(np.repeat(image[:, None], 3, axis=1))

    for name in net.layers:
        np.testing.assert_array_equal(still[name], constant[name])
    assert still["conv1"].shape == (5, 2)


def test_the_order_of_frames_matters() -> None:
    net = network(SHAPE, channels=(5, 6), hidden=(7,), time_steps=12, gain=3.0)
    respond = Responder(net, net.layers, batch_size=3)
    shown = sequences()

    assert not np.array_equal(respond(shown)["fc1"], respond(shown[:, ::-1].copy())["fc1"])


def test_neurons_are_silenced_while_they_are_shown() -> None:
    net = network(SHAPE, channels=(5, 6), hidden=(7,), time_steps=12, gain=3.0)
    shown, labels = sequences(), np.arange(5)

    ablation = ablate(
        ImportanceSite(ChainSubject(net), shown, labels, {"conv1": range(5), "fc1": range(7)}, KEY)
    )

    with torch.no_grad():
        scores = net.scores(net(encode(net, shown)))
    assert float(ablation.intact.accuracy) == float((scores.argmax(1).numpy() == labels).mean())
    assert ablation.silenced["conv1"].loss.shape == (5,)
    assert len(set(ablation.silenced["fc1"].loss.tolist())) > 1


@pytest.mark.parametrize("kind", ["auto", "plain"])
@pytest.mark.parametrize("shape", [(2, 4, 2, 8, 9), (2, 1, 4, 2, 9, 9), (2, 9, 9)])
def test_other_shapes_are_refused(kind: Any, shape: tuple[int, ...]) -> None:
    net = network(SHAPE, channels=(5,), hidden=(), time_steps=12)
    with pytest.raises(ValueError, match=r"the network takes \(n, 2, 9, 9\)"):
        Responder(net, net.layers, kind=kind)(np.zeros(shape, np.uint8))
