"""What codings declare, and each against its equation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CODINGS, Coding, CodingKey, encode
from spikeatlas.snn.networks import ResNetArchitecture
from spikeatlas.snn.responder import Responder
from spikeatlas.snn.subjects import ModuleSpec
from tests.snn.nets import network, noise_images

KEY = CodingKey(seed=1, checkpoint="abc", purpose="search")
NAMES = tuple(CODINGS)


def test_the_field_takes_the_table() -> None:
    assert get_args(Coding) == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frames", [0, 4])
def test_it_keeps_what_it_declares(name: Coding, frames: int) -> None:
    coding, made = CODINGS[name], network(coding=name)
    shape = (frames, 1, 8, 8) if frames else (1, 8, 8)
    images = np.random.default_rng(0).integers(0, 256, (5, *shape), dtype=np.uint8)
    inputs = encode(made, images, KEY if coding.stochastic else None)

    assert inputs.shape == (1 if coding.constant and not frames else 8, 5, 1, 8, 8)
    assert inputs.dtype == torch.float32
    values = set(inputs.unique().tolist())
    assert (values <= {0.0, 1.0}) == coding.binary
    assert (min(values) < 0) == coding.signed
    other = encode(made, images, replace(KEY, presentation=1))
    assert torch.equal(other, inputs) != coding.stochastic
    # an image's input is its own, and its first steps do not hang on those that follow
    assert torch.equal(encode(made, images[3:4], KEY)[:, 0], inputs[:, 3])
    if not frames:
        assert torch.equal(encode(made, images, KEY, time_steps=3), inputs[:3])


def test_signed_spikes_have_the_sign_of_the_pixel_and_half_its_size_for_a_rate() -> None:
    made = network(coding="signed-poisson")
    images = np.array([0, 40, 90, 160], np.uint8).reshape(1, 1, 2, 2)
    rates = encode(made, images, KEY, time_steps=20_000).mean(0)

    expected = (made.normalise(torch.from_numpy(images)) / 2).clamp(-1, 1)
    np.testing.assert_allclose(rates, expected, atol=0.015)
    always = np.full((1, 1, 2, 2), 255, np.uint8)  # (1 - 0.3) / 0.3 > 2
    assert encode(made, always, KEY, time_steps=100).min() == 1


@pytest.mark.parametrize("pixel", [0, 1, 51, 127, 200, 255])
def test_integrated_pixels_fire_at_their_rate(pixel: int) -> None:
    images = np.full((1, 1, 8, 8), pixel, np.uint8)
    train = encode(network(coding="integrate-and-fire"), images, time_steps=510)[:, 0, 0, 0, 0]
    membrane, expected = 0, []
    for _ in range(510):
        membrane += pixel
        expected.append(float(membrane >= 255))
        membrane -= 255 * (membrane >= 255)

    assert train.tolist() == expected
    assert train.sum() == 2 * pixel


def test_the_first_step_alone_has_the_image() -> None:
    made, images = network(coding="first-step"), noise_images(3)
    inputs = encode(made, images)

    assert torch.equal(inputs[:1], encode(network(), images))
    assert not inputs[1:].any()


@pytest.mark.parametrize("name", NAMES)
def test_responses_are_those_of_the_plain_loop(name: Coding) -> None:
    made, images = network(coding=name).eval(), noise_images(4)
    showing: dict[str, Any] = {"batch_size": 4, "key": KEY, "presentations": 2}
    fast, plain = (
        Responder(made, made.layers, kind=kind, **showing)(images) for kind in ("auto", "plain")
    )

    for layer, responses in plain.items():
        np.testing.assert_allclose(fast[layer], responses, atol=1e-6)


def test_a_module_is_shown_only_some() -> None:
    for coding in ("signed-poisson", "integrate-and-fire", "first-step"):
        with pytest.raises(
            ValueError,
            match=f"network.coding is {coding}, which only networks that are trained here",
        ):
            ModuleSpec(factory="tests.snn.subjects.lab:net", normalise="none", coding=coding)


def test_a_residual_network_takes_all() -> None:
    for coding in NAMES:
        assert ResNetArchitecture(coding=coding).coding == coding
