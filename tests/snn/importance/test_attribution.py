"""Attribution against the integral it stands for, and against the change of the decision that it divides up."""

from __future__ import annotations

import numpy as np
import pytest
import scipy
import torch
from numpy.typing import NDArray

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.importance.attribution import AT_ONCE, ImagePath, attributions
from tests.snn.importance.digit_networks import KEY, digits, trained
from tests.snn.importance.linear_layers import SHAPE, TwoLinearLayers
from tests.snn.nets import network, noise_images
from tests.snn.resnets import resnet

STEPS = 60


def images_and_labels() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images whose whole path from black lies on whole grey levels."""
    draws = np.random.default_rng(0).integers(0, 256 // STEPS + 1, (7, *SHAPE))
    return (draws * STEPS).astype(np.uint8), np.arange(7) % 3


def slope(net: TwoLinearLayers, hidden: NDArray[np.float64], label: int) -> NDArray[np.float64]:
    """Gradient in h of the softmax probability of a class, by its formula."""
    outer = net.outer.detach().numpy()
    chances = scipy.special.softmax(outer @ hidden)
    return np.asarray(chances[label] * (outer[label] - chances @ outer))


def test_of_a_linear_layer_it_is_the_exact_integral_of_the_gradients() -> None:
    net = TwoLinearLayers()
    images, labels = images_and_labels()
    path = ImagePath(np.zeros(SHAPE, np.uint8), STEPS)

    (values,) = attributions(net, images, labels, path, None).values()

    for image, label, row in zip(images, labels, values, strict=True):
        hidden = net.inner.detach().numpy() @ (image.ravel() / 255)
        along = lambda share, h=hidden, c=label: h * slope(net, share * h, c)
        points = np.arange(1, STEPS + 1) / STEPS
        np.testing.assert_allclose(row, np.mean([along(s) for s in points], axis=0), atol=1e-7)
        integral, _ = scipy.integrate.quad_vec(along, 0, 1)
        np.testing.assert_allclose(row, integral, atol=np.abs(along(1) - along(0)).max() / STEPS)
        # all neurons together: the whole change of the probability
        outer = net.outer.detach().numpy()
        change = scipy.special.softmax(outer @ hidden)[label] - 1 / 3
        assert integral.sum() == pytest.approx(change, abs=1e-9)


def test_from_silence_another_baseline_changes_slopes_alone() -> None:
    net = TwoLinearLayers()
    images, labels = images_and_labels()
    grey = np.full(SHAPE, 60, np.uint8)
    hidden = (images.reshape(7, -1) / 255) @ net.inner.detach().numpy().T
    before = (grey.ravel() / 255) @ net.inner.detach().numpy().T

    (rise,) = attributions(net, images, labels, ImagePath(grey, 30), None).values()
    (whole,) = attributions(
        net, images, labels, ImagePath(grey, 30), None, from_silence=True
    ).values()

    np.testing.assert_allclose(rise / (hidden - before), whole / hidden, atol=1e-6)
    assert not np.allclose(rise, whole)


def test_attributions_of_a_layer_add_up_to_the_change_of_the_decision() -> None:
    net = trained(neuron="relu", time_steps=1, decoding="membrane")
    test = digits().test
    black = np.zeros(digits().shape, np.uint8)

    values = attributions(net, test.images, test.labels, ImagePath(black), None)["fc1"]

    with torch.no_grad():
        shown = np.concatenate([test.images, black[None]])
        scores = net.scores(net(net.normalise(torch.from_numpy(shown))[None]))
    chances = torch.softmax(scores.double(), 1).numpy()
    change = chances[:-1][np.arange(len(test.labels)), test.labels] - chances[-1][test.labels]
    assert np.corrcoef(values.sum(1), change)[0, 1] > 0.95
    assert np.abs(values.sum(1) - change).mean() < 0.1


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_an_image_s_attribution_does_not_depend_on_its_batch(coding: str) -> None:
    net = network(coding=coding, threshold=0.3).eval()
    images, labels = noise_images(AT_ONCE + 3), np.arange(AT_ONCE + 3) % 10
    path = ImagePath(np.zeros(net.input_shape, np.uint8), 3)

    together = attributions(net, images, labels, path, KEY)
    alone = attributions(net, images[-2:], labels[-2:], path, KEY)

    assert {layer: rows.shape[1] for layer, rows in together.items()} == net.sizes
    for layer, rows in alone.items():
        np.testing.assert_allclose(rows, together[layer][-2:], rtol=1e-5, atol=1e-9)
    assert together["conv1"].any()
    assert not any(parameter.grad is not None for parameter in net.parameters())


def test_a_residual_network_s_layers_are_attributed_to() -> None:
    net = resnet().eval()
    images, labels = noise_images(3, net.input_shape), np.arange(3) % net.classes
    path = ImagePath(np.zeros(net.input_shape, np.uint8), 2)
    values = attributions(net, images, labels, path, CodingKey(0, "", "x"))
    assert tuple(values) == net.layers
    assert values[net.layers[-1]].any()


def test_a_path_goes_from_its_baseline_to_the_image() -> None:
    images = noise_images(4)
    path = ImagePath(images[0], 10)
    assert np.array_equal(path.image(images, 0), np.broadcast_to(images[0], images.shape))
    assert np.array_equal(path.image(images, 10), images)
    middle = (images[1].astype(float) + images[0]) / 2
    assert np.abs(path.image(images, 5)[1] - middle).max() <= 0.5
