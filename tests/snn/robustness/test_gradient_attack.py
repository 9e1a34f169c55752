"""On a linear network the worst image is known: eps sign(w), or eps w / ||w||, away from the label."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.robustness import (
    Ball,
    Fgsm,
    GradientAttack,
    MomentumFgsm,
    Pgd,
    network_target,
)
from tests.snn.robustness.linear import grey_images, labels_of, linear_network

KEY = CodingKey(0, "", "attack")
IMAGES, LABELS = grey_images(), labels_of()
AWAY = np.where(LABELS == 1, -1, 1)[:, None, None, None]


@pytest.mark.parametrize("attack", [Fgsm(), Pgd(), MomentumFgsm()])
@pytest.mark.parametrize("strength", [2 / 255, 8 / 255, 0.1])
def test_the_worst_image_of_the_cube_is_found(attack: GradientAttack, strength: float) -> None:
    net = linear_network()

    images = attack.craft(network_target(net), IMAGES, LABELS, strength, KEY)

    signs = np.sign(net.weights.detach().numpy())
    assert np.array_equal(images.astype(int) - IMAGES, AWAY * signs * int(strength * 255 + 1e-6))


@pytest.mark.parametrize(
    "attack", [Fgsm(norm="l2"), MomentumFgsm(norm="l2"), Pgd(norm="l2", steps=60, pace=20)]
)
def test_the_worst_image_of_the_sphere_is_found(attack: GradientAttack) -> None:
    net = linear_network()

    images = attack.craft(network_target(net), IMAGES, LABELS, 0.5, KEY)

    weights = net.weights.detach().numpy()
    change = (images.astype(float) - IMAGES) / 255 * AWAY
    assert np.allclose(change, 0.5 * weights / np.linalg.norm(weights), atol=1.2 / 255)
    assert 0.48 < np.linalg.norm(change.reshape(6, -1), axis=1).max() <= 0.5


def test_all_points_of_a_climb_are_in_the_ball_and_the_worst_is_taken() -> None:
    target = network_target(linear_network())
    points = list(Pgd(steps=5).climb(target, IMAGES, LABELS, 0.1, KEY))

    assert len(points) == 6
    assert all(np.abs(images.astype(int) - IMAGES).max() <= 25 for images, _ in points)
    worst = target.answer(Pgd(steps=5).craft(target, IMAGES, LABELS, 0.1, KEY), LABELS)
    assert np.all(worst.losses >= np.max([answer.losses for _, answer in points], axis=0) - 1e-9)


def test_an_image_s_start_depends_on_the_image_and_the_key_alone() -> None:
    target = network_target(linear_network())

    def start(images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], seed: int) -> object:
        climb = Pgd().climb(target, images, LABELS[: len(images)], 0.1, CodingKey(seed, "", "x"))
        return next(climb)[0][0].tolist()

    assert start(IMAGES, 0) == start(IMAGES[:1], 0) != start(IMAGES, 1)


def test_where_there_is_no_gradient_the_image_stays() -> None:
    target = network_target(linear_network(scale=0.0))
    images = MomentumFgsm().craft(target, IMAGES, LABELS, 0.1, KEY)
    assert np.array_equal(images, IMAGES)


def test_a_step_is_as_long_as_it_says() -> None:
    assert Fgsm().course(0.1).stride == 0.1
    assert Pgd(steps=20, pace=2.5).course(0.08).stride == pytest.approx(0.01)
    assert MomentumFgsm(steps=10).course(0.1).stride == pytest.approx(0.01)
    assert Ball("linf", 0.1).levels == 25
