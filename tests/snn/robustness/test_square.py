from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.robustness import AttackTarget, Square, network_target
from tests.snn.nets import network, noise_images
from tests.snn.robustness.linear import grey_images, labels_of, linear_network

KEY = CodingKey(0, "", "attack")
Images = npt.NDArray[np.uint8]


def watched(read: Callable[[Images], npt.NDArray[np.float64]]) -> tuple[AttackTarget, list[Images]]:
    """A target that notes the images that it gets."""
    stimuli: list[Images] = []

    def note(images: Images) -> npt.NDArray[np.float64]:
        stimuli.append(images.copy())
        return read(images)

    return AttackTarget(note), stimuli


def test_it_never_leaves_the_ball_and_the_best_loss_never_falls() -> None:
    images, labels = grey_images(), labels_of()
    plain = network_target(linear_network())
    losses = []
    for queries in (1, 5, 25, 100):
        target, stimuli = watched(plain.read)
        attack = Square(queries=queries)
        worst = attack.craft(target, images, labels, 0.1, KEY)
        # an image with its own schedule of squares: compared from start to end
        losses.append(plain.answer(worst, labels).losses)
        assert len(stimuli) <= queries + 1
        assert np.abs(worst.astype(int) - images).max() <= 25
        for others in stimuli:
            gap = np.abs(others.astype(int)[:, None] - images[None]).max(axis=(2, 3, 4)).min(axis=1)
            assert gap.max() <= 25
    clean = plain.answer(images, labels).losses
    assert all(np.all(row >= clean) for row in losses)
    assert losses[-1].mean() > losses[0].mean()


def test_the_worst_image_so_far_is_never_given_up() -> None:
    images, labels = noise_images(8), np.arange(8)
    plain = network_target(network())
    target, stimuli = watched(plain.read)

    worst = Square(queries=60).craft(target, images, labels, 0.2, KEY)

    final = plain.answer(worst, labels)
    right, highest = plain.answer(images, labels)
    # while all are right, a query shows all of them in order
    for others in stimuli[1:]:
        if len(others) == len(images):
            answer = plain.answer(others, labels)
            highest = np.maximum(highest, np.where(answer.right == right, answer.losses, -np.inf))
    assert np.all((final.losses >= highest) | ~final.right)


def test_what_is_misread_is_left_alone() -> None:
    images, labels = grey_images(), labels_of()
    target, stimuli = watched(lambda images: np.tile([1.0, 0.0], (len(images), 1)))

    worst = Square(queries=7).craft(target, images, labels, 0.1, KEY)

    assert np.array_equal(worst[labels == 1], images[labels == 1])
    assert [len(others) for others in stimuli] == [6, *[3] * 7]


def test_it_needs_no_gradient_and_finds_nearly_the_worst_image() -> None:
    net = linear_network(scale=1.0)
    images, labels = grey_images(), labels_of()
    plain = network_target(net)
    right = plain.answer(images, labels).right

    worst = Square(queries=400).craft(AttackTarget(plain.read), images, labels, 0.1, KEY)

    signs = (
        np.sign(net.weights.detach().numpy()) * np.where(labels == 1, -1, 1)[:, None, None, None]
    )
    best = plain.answer((images + 25 * signs).astype(np.uint8), labels)
    answer = plain.answer(worst, labels)
    assert right.any()
    assert np.array_equal(answer.right, best.right)
    kept = answer.right
    assert np.all(answer.losses[kept] > 0.9 * best.losses[kept])


def test_squares_shrink() -> None:
    attack = Square(queries=640, share=0.5)
    sides = [attack.side(query, (28, 28)) for query in (1, 9, 10, 20, 40, 80, 160, 320, 639)]
    assert sides == [20, 20, 14, 10, 7, 5, 4, 2, 2]
    assert attack.side(639, (2, 2)) == 1
