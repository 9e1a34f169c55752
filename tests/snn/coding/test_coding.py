from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode, first_frames, spike_trains
from tests.snn.nets import network, noise_images

KEY = CodingKey(seed=1, checkpoint="abc", purpose="search")


def test_current_coding_is_the_normalised_image_once() -> None:
    images = noise_images(3)

    inputs = encode(network(), images)

    assert inputs.shape == (1, 3, 1, 8, 8)
    np.testing.assert_allclose(inputs[0].numpy(), (images / 255 - 0.3) / 0.3, rtol=1e-5, atol=1e-6)


def test_a_train_depends_on_its_stimulus_alone() -> None:
    images = noise_images(5)

    together = spike_trains(images, KEY, 6)
    alone = np.concatenate([spike_trains(images[i : i + 1], KEY, 6) for i in (4, 2, 0)], axis=1)

    np.testing.assert_array_equal(together[:, [4, 2, 0]], alone)


@pytest.mark.parametrize(
    "change", [{"seed": 2}, {"checkpoint": "d"}, {"purpose": "report"}, {"presentation": 1}]
)
def test_every_field_of_the_key_matters(change: dict[str, object]) -> None:
    images = noise_images(2)

    other = spike_trains(images, replace(KEY, **change), 6)  # type: ignore[arg-type]

    assert (other != spike_trains(images, KEY, 6)).mean() > 0.1


def test_rates_are_pixels_over_255() -> None:
    images = np.array([0, 64, 128, 255], np.uint8).reshape(1, 1, 2, 2)

    rates = spike_trains(images, KEY, 20_000).mean(axis=0).ravel()

    np.testing.assert_allclose(rates, [0, 64 / 255, 128 / 255, 1], atol=0.015)
    assert rates[0] == 0
    assert rates[3] == 1


def test_poisson_coding_needs_a_key() -> None:
    with pytest.raises(ValueError, match="key is missing"):
        encode(network(coding="poisson"), noise_images(1))


def test_global_generators_are_untouched() -> None:
    torch.manual_seed(0)
    wanted = torch.rand(2)
    torch.manual_seed(0)
    spike_trains(noise_images(2), KEY, 3)

    assert torch.equal(torch.rand(2), wanted)


def test_first_frames_of_stills_and_sequences() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 3, 1, 1, 2)
    assert first_frames(pixels).tolist() == pixels[:, 0].tolist()
    assert first_frames(pixels[:, 1]).tolist() == pixels[:, 1].tolist()
