from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.robustness import AttackTarget, network_target, subject_target
from spikeatlas.snn.subjects import ChainSubject, LackError, Showing
from tests.snn.nets import network, noise_images
from tests.snn.robustness.linear import grey_images, labels_of, linear_network

KEY = CodingKey(0, "", "test")


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_slopes_are_those_of_the_loss(coding: str) -> None:
    net = linear_network("poisson" if coding == "poisson" else "current")
    images, labels = grey_images(), labels_of()

    answer, slopes = network_target(net, KEY).slopes(images, labels)

    # d loss / d score 1 = p - label, whatever spikes were drawn; d score 1 / d pixel = w
    scores = network_target(net, KEY).read(images)
    chance = 1 / (1 + np.exp(scores[:, 0] - scores[:, 1]))
    expected = (chance - labels)[:, None, None, None] * net.weights.detach().numpy()
    assert np.allclose(slopes, expected, atol=1e-5)
    assert np.allclose(answer.losses, -np.log(np.where(labels == 1, chance, 1 - chance)))
    assert np.array_equal(answer.right, (chance > 0.5) == (labels == 1))


def test_an_image_s_slopes_do_not_depend_on_its_batch() -> None:
    target = network_target(network())
    images, labels = noise_images(70), np.arange(70) % 10

    _, slopes = target.slopes(images, labels)
    _, alone = target.slopes(images[69:], labels[69:])

    assert np.array_equal(slopes[69:], alone)
    assert slopes.any()


def test_a_subject_reads_as_its_network_does() -> None:
    net = network().eval()
    images = noise_images(5)

    subject = subject_target(ChainSubject(net), Showing(batch_size=8), net)

    assert np.array_equal(subject.read(images), network_target(net).read(images))
    assert not any(parameter.grad is not None for parameter in net.parameters())


def test_without_gradients_there_are_no_slopes() -> None:
    target = AttackTarget(lambda images: np.zeros((len(images), 2)))
    with pytest.raises(LackError, match="no gradients"):
        target.slopes(grey_images(), labels_of())


def test_gradients_can_be_taken_where_none_are_wanted() -> None:
    target = network_target(linear_network())
    with torch.no_grad():
        assert target.slopes(grey_images(), labels_of())[1].any()
