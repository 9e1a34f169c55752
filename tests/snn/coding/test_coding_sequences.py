"""Sequences of frames enter a network frame by frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode, frame_numbers
from spikeatlas.snn.networks import pixel_statistics
from tests.snn.nets import network, noise_images

KEY = CodingKey(0, "c", "train")


def sequences(count: int = 3, frames: int = 4) -> np.ndarray:
    return noise_images(count * frames).reshape(count, frames, 1, 8, 8)


def test_every_frame_is_shown_as_long() -> None:
    net, shown = network(), sequences()

    inputs = encode(net, shown)

    assert inputs.shape == (8, 3, 1, 8, 8)
    for step in range(8):
        still = encode(net, np.ascontiguousarray(shown[:, step // 2]))[0]
        assert torch.equal(inputs[step], still)


def test_spike_trains_follow_the_frames() -> None:
    net, shown = network(coding="poisson", time_steps=400), sequences(2)
    shown[:, 1] = 0
    shown[:, 2] = 255

    trains = encode(net, shown, KEY)

    assert trains.shape == (400, 2, 1, 8, 8)
    assert not trains[100:200].any()
    assert trains[200:300].all()
    rates = trains[:100].mean(0).numpy()
    assert np.abs(rates - shown[:, 0] / 255).max() < 0.25
    assert torch.equal(encode(net, shown[1:], KEY)[:, 0], trains[:, 1])


def test_a_sequence_of_one_image_is_that_image() -> None:
    net, image = network(), noise_images(3)
    constant = np.repeat(image[:, None], 4, axis=1)

    assert torch.equal(net(encode(net, constant)), net(encode(net, image)))


def test_steps_are_a_multiple_of_the_frames() -> None:
    with pytest.raises(ValueError, match="time_steps is 8, and the data are sequences of 3 frames"):
        encode(network(), sequences(2, 3))
    with pytest.raises(ValueError, match="multiple of 5"):
        encode(network(coding="poisson"), sequences(2, 5), KEY)
    assert frame_numbers(2, 4).tolist() == [0, 0, 1, 1]


def test_statistics_are_those_of_all_frames() -> None:
    shown = sequences(5)

    assert pixel_statistics(shown) == pixel_statistics(shown.reshape(20, 1, 8, 8))
