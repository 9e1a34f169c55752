"""On linear layers the image that brings the attributions down most is known: x - eps sign(W' g)."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.robustness import (
    CLEAN,
    AttackTarget,
    Condition,
    MomentumFgsm,
    NaaAttack,
    RandomPoint,
    measure_under,
    network_target,
)
from spikeatlas.snn.robustness.attribution_attacks.feature_target import (
    attributed_target,
    layer_under_attack,
)
from spikeatlas.snn.subjects import LackError
from tests.snn.importance.digit_networks import digits, trained
from tests.snn.importance.linear_layers import SHAPE, TwoLinearLayers
from tests.snn.nets import network, noise_images
from tests.snn.resnets import resnet
from tests.snn.robustness.linear import linear_network

KEY = CodingKey(0, "", "attack")
IMAGES = np.random.default_rng(0).integers(90, 160, (70, *SHAPE), dtype=np.uint8)
LABELS = np.arange(70) % 3
PATH = 5


def weights_of(net: TwoLinearLayers) -> np.ndarray:
    """(n, 5) the softmax's gradient in h, averaged over the path by its formula, of length 1."""
    inner, outer = net.inner.detach().numpy(), net.outer.detach().numpy()
    total = np.zeros((len(IMAGES), 5))
    for step in range(1, PATH + 1):
        shown = np.rint(IMAGES * (step / PATH)).reshape(len(IMAGES), -1) / 255
        chances = scipy.special.softmax(shown @ inner.T @ outer.T, axis=1)
        right = chances[np.arange(len(LABELS)), LABELS][:, None]
        total += right * (outer[LABELS] - chances @ outer)
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / lengths)


def test_the_weights_are_the_averaged_gradients_of_length_one() -> None:
    net = TwoLinearLayers()
    target = attributed_target(network_target(net), IMAGES, LABELS, PATH, None)
    assert target.weights is not None
    np.testing.assert_allclose(target.weights.numpy(), weights_of(net), atol=1e-6)


def test_it_ends_where_the_sum_of_the_attributions_is_least() -> None:
    net = TwoLinearLayers()
    attack = NaaAttack(path=PATH)
    *_, (points, answer) = attack.climb(network_target(net), IMAGES, LABELS, 20 / 255, KEY)

    slopes = (weights_of(net) @ net.inner.detach().numpy()).reshape(IMAGES.shape)
    assert np.array_equal(points.astype(int) - IMAGES, -20 * np.sign(slopes))
    assert np.array_equal(answer.right, network_target(net).answer(points, LABELS).right)
    assert answer.losses.mean() > network_target(net).answer(IMAGES, LABELS).losses.mean()


def test_the_layer_is_the_one_in_the_middle_or_the_one_that_is_named() -> None:
    assert layer_under_attack(network(), None) == "conv2"
    assert layer_under_attack(network(channels=(), hidden=(5,)), None) == "fc1"
    assert layer_under_attack(network(), "out") == "out"
    assert layer_under_attack(resnet(), None) in resnet().layers[1:-1]
    with pytest.raises(LackError, match="no layer 'conv9': there are conv1, conv2, fc1, out"):
        layer_under_attack(network(), "conv9")


def test_what_it_lacks_is_said() -> None:
    blind = AttackTarget(lambda images: np.zeros((len(images), 2)))
    assert NaaAttack().lack(blind) == "the network has no gradients that it could follow"
    assert NaaAttack().lack(network_target(linear_network())) == (
        "this network has no spiking layers of its own"
    )
    assert "no layer 'x'" in str(NaaAttack(layer="x").lack(network_target(network())))
    assert NaaAttack().lack(network_target(network())) is None
    assert NaaAttack().misfit(network_target(linear_network())) is None
    for name in ("x", ""):
        misfit = NaaAttack(layer=name).misfit(network_target(network()))
        assert misfit == (
            f"the network has no layer {name!r}: there are conv1, conv2, fc1, out; name one of these, or leave layer out"
        )
    assert NaaAttack(layer="x").misfit(blind) is None
    with pytest.raises(LackError, match="no gradients"):
        next(NaaAttack().climb(blind, noise_images(1), np.zeros(1, int), 0.1, KEY))


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_it_does_more_than_a_random_change_and_momentum_is_reported_beside_it(coding: str) -> None:
    net = trained(neuron="leaky", coding=coding) if coding == "poisson" else trained(neuron="leaky")
    target = network_target(net, KEY)
    images, labels = digits().test.images[:120], digits().test.labels[:120]

    def accuracy(condition: Condition) -> float:
        result = measure_under(target, images, labels, condition, 0)
        assert result.distances["linf"] <= condition.strength + 1e-9
        return result.accuracy

    strength = 0.2
    clean, random = accuracy(CLEAN), accuracy(Condition(RandomPoint(), strength))
    found = accuracy(Condition(NaaAttack(), strength))
    momentum = accuracy(Condition(MomentumFgsm(), strength))

    assert clean > 0.9
    assert found < random - 0.1
    # no claim that it beats momentum FGSM: on small networks it does not
    assert min(found, momentum) < 0.6
