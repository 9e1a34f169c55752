from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.robustness import (
    Condition,
    NaaAttack,
    NaaTransfer,
    RandomPoint,
    Transfer,
    measure_under,
    network_target,
)
from spikeatlas.snn.robustness.attack_target import AttackTarget
from spikeatlas.snn.subjects import LackError
from tests.snn.importance.digit_networks import KEY, digits, trained
from tests.snn.nets import network, noise_images


def test_it_ends_where_the_attack_on_the_other_network_does() -> None:
    one, other = network(seed=1), network_target(network(seed=2), KEY)
    target = AttackTarget(network_target(one).read, source=other)
    images, labels = noise_images(5), np.arange(5)

    crafted = NaaTransfer(path=3, steps=4).craft(target, images, labels, 0.1, KEY)

    *_, (points, _) = NaaAttack(path=3, steps=4).climb(other, images, labels, 0.1, KEY)
    assert np.array_equal(crafted, points)
    assert np.abs(crafted.astype(int) - images).max() == 25


def test_what_it_lacks_is_said() -> None:
    target = network_target(network())
    assert NaaTransfer().lack(target) == "no other network with gradients is named"
    source = AttackTarget(target.read, source=target)
    assert NaaTransfer().lack(source) is None
    assert "no layer 'fc7'" in str(NaaTransfer(layer="fc7").lack(source))
    assert "no layer 'fc7'" in str(NaaTransfer(layer="fc7").misfit(source))
    assert NaaTransfer(layer="fc7").misfit(target) is None
    with pytest.raises(LackError, match="none is named"):
        NaaTransfer().craft(target, noise_images(1), np.zeros(1, int), 0.1, KEY)


def test_another_architecture_s_images_turn_more_than_random_ones() -> None:
    source = network_target(trained(neuron="relu", time_steps=1, decoding="membrane"), KEY)
    net = network_target(trained(neuron="leaky"), KEY)
    target = AttackTarget(net.read, source=source)
    images, labels = digits().test.images[:150], digits().test.labels[:150]

    rates = {
        attack.kind: measure_under(target, images, labels, Condition(attack, 0.2), 0).accuracy
        for attack in (RandomPoint(), Transfer(), NaaTransfer())
    }

    assert rates["naa-transfer"] < rates["random"] - 0.1
    assert rates["transfer"] < rates["random"] - 0.1


def test_a_key_of_its_own_draws_the_source_s_spikes() -> None:
    poisson = network_target(network(coding="poisson"), CodingKey(3, "", "x"))
    target = AttackTarget(poisson.read, source=poisson)
    images, labels = noise_images(3), np.arange(3)
    once, again = (
        NaaTransfer(path=2, steps=2).craft(target, images, labels, 0.1, KEY) for _ in range(2)
    )
    assert np.array_equal(once, again)
