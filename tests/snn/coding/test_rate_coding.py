"""Spikes of chance: as often as their chances say, and the same as the responder draws them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CODINGS, Coding, CodingKey, Presentation, RateCoding
from tests.snn.nets import network, noise_images

KEY = CodingKey(0, "c", "report")
STOCHASTIC = [name for name, coding in CODINGS.items() if coding.stochastic]


@pytest.mark.parametrize("name", STOCHASTIC)
def test_spikes_are_as_frequent_as_their_limits_say(name: Coding) -> None:
    coding, made = CODINGS[name], network(coding=name)
    assert isinstance(coding, RateCoding)
    images = noise_images(2)
    limits, signs = coding.chances(images, made.normalise)
    trains = coding.encode(Presentation(images, made.normalise, 4000, KEY))
    chances = limits / 2.0**32 * (1 if signs is None else signs)
    np.testing.assert_allclose(trains.mean(0).numpy(), chances, atol=0.04)


def test_signed_chances_are_half_of_what_is_normalised() -> None:
    coding, made = CODINGS["signed-poisson"], network(coding="signed-poisson")
    assert isinstance(coding, RateCoding)
    images = noise_images(3)
    limits, signs = coding.chances(images, made.normalise)
    pixels = made.normalise(torch.from_numpy(images)).numpy()
    np.testing.assert_array_equal(signs, np.sign(pixels))
    np.testing.assert_allclose(limits / 2.0**32, np.minimum(np.abs(pixels) / 2, 1), atol=1e-9)
