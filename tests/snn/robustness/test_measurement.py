from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.data import DataSet, Digits, load_data
from spikeatlas.snn.networks import NetworkSpec, TrainableNetwork
from spikeatlas.snn.robustness import (
    ATTACKS,
    CLEAN,
    PUBLISHED,
    AttackSpec,
    Condition,
    Fgsm,
    GaussianNoise,
    MomentumFgsm,
    Pgd,
    RandomPoint,
    Square,
    Transfer,
    flat_images,
    measure_network,
    measure_under,
    network_target,
    right_under_all,
    subject_target,
)
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import ChainSubject, LackError
from spikeatlas.snn.training import TrainingSpec, epoch_path, load_network, train_network
from tests.snn.nets import network, noise_images
from tests.snn.resnets import resnet
from tests.snn.robustness.linear import grey_images, labels_of, linear_network

SPEC = NetworkSpec(channels=(8, 12), hidden=(32,), time_steps=6)
TRAINING = TrainingSpec(epochs=5, lr=0.005)


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load_data(Digits())


@pytest.fixture(scope="module")
def trained(digits: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train_network(SPEC, TRAINING, digits, folder=folder, seed=0, study="small")
    return folder


def net_of(folder: Path, digits: DataSet, epoch: float) -> TrainableNetwork:
    return load_network(epoch_path(folder, epoch), SPEC, digits.shape, 10)


def test_each_attack_does_more_than_noise_of_its_size(trained: Path, digits: DataSet) -> None:
    strength = 0.1
    source = network_target(net_of(trained, digits, 4))
    net = net_of(trained, digits, 5)
    subject = ChainSubject(net)  # type: ignore[arg-type]
    target = subject_target(subject, Showing(batch_size=64), net, source)
    images, labels = digits.test.images[:128], digits.test.labels[:128]

    def accuracy(attack: AttackSpec) -> float:
        result = measure_under(target, images, labels, Condition(attack, strength), 0)
        assert result.distances["linf"] <= strength + 1e-9
        return result.accuracy

    random = accuracy(RandomPoint())
    assert measure_under(target, images, labels, CLEAN, 0).accuracy > 0.85
    for attack in (Fgsm(), Pgd(), MomentumFgsm(), Transfer(), Square(queries=60)):
        assert accuracy(attack) < random - 0.02, attack
    assert accuracy(Pgd()) <= accuracy(Fgsm())
    assert not flat_images(target, images, labels).any()


def test_the_published_columns_are_measured_of_a_network(trained: Path, digits: DataSet) -> None:
    net = net_of(trained, digits, 5).train()
    images, labels = digits.test.images[:64], digits.test.labels[:64]

    results = measure_network(net, images, labels)

    assert list(results) == list(PUBLISHED) == ["clean", "noise 0.1", "linf 2/255", "l2 0.25"]
    assert net.training
    assert results["clean"].distances == {"linf": 0, "l2": 0}
    assert results["l2 0.25"].distances["l2"] <= 0.25
    assert results["linf 2/255"].distances["linf"] == 2 / 255
    assert results["noise 0.1"].right.shape == (3, 64)
    assert results["l2 0.25"].accuracy < results["clean"].accuracy
    again = measure_network(net, images, labels)
    for name, result in results.items():
        assert np.array_equal(result.right, again[name].right)
        assert result.loss == again[name].loss
    both = right_under_all([results["clean"], results["l2 0.25"]])
    assert both.mean() == results["l2 0.25"].accuracy


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_every_attack_runs_on_every_coding(coding: str) -> None:
    net = network(coding=coding, time_steps=3).eval()
    key = CodingKey(0, "", "test")
    target = network_target(net, key)
    images, labels = noise_images(4), np.arange(4)
    for member in ATTACKS.members.values():
        fields = {"queries": 5} if member is Square else {}
        attack = member(kind=next(k for k, m in ATTACKS.members.items() if m is member), **fields)
        if attack.lack(target) is not None:
            continue
        measured = measure_under(target, images, labels, Condition(attack, 0.1), 0)
        assert measured.right.shape == (attack.repeats, 4)


def test_a_residual_network_has_gradients_too() -> None:
    net = resnet().eval()
    images, labels = noise_images(4, net.input_shape), np.arange(4) % net.classes
    assert measure_network(net, images, labels, {"pgd": Condition(Pgd(steps=2), 0.1)})


def test_what_a_target_lacks_is_said() -> None:
    target = network_target(linear_network())
    blind = type(target)(target.read)
    assert Pgd().lack(target) is None
    assert Pgd().lack(blind) == "the network has no gradients that it could follow"
    assert Square().lack(blind) is None
    assert Transfer().lack(target) == "no other network with gradients is named"
    with pytest.raises(LackError, match="none is named"):
        measure_under(target, grey_images(), labels_of(), Condition(Transfer(), 0.1), 0)


def test_noise_is_the_same_for_every_network_and_place() -> None:
    target = network_target(linear_network())
    images, key = grey_images(), CodingKey(0, "", "attack noise")
    together = GaussianNoise().craft(target, images, labels_of(), 0.2, key)
    alone = GaussianNoise().craft(target, images[3:4], labels_of()[3:4], 0.2, key)
    assert np.array_equal(together[3:4], alone)
    deviation = (together.astype(float) - images).std() / 255
    assert 0.17 < deviation < 0.23


def test_a_random_point_is_on_the_surface() -> None:
    target, images = network_target(linear_network()), grey_images()
    for norm, gap in (("linf", 1e-9), ("l2", 0.01)):
        attack = RandomPoint(norm="l2" if norm == "l2" else "linf")
        result = measure_under(target, images, labels_of(), Condition(attack, 20 / 255), 0)
        assert result.distances[attack.norm] == pytest.approx(20 / 255, abs=gap)


@pytest.mark.parametrize(
    ("attack", "strength", "sentence"),
    [
        (Fgsm(), 0.003, "must be at least one grey level"),
        (GaussianNoise(), 0.0, "must be more than 0"),
        (Transfer(), -1.0, "must be more than 0"),
    ],
)
def test_what_cannot_be_made_is_refused(attack: AttackSpec, strength: float, sentence: str) -> None:
    (problem,) = attack.problems(strength)
    assert sentence in problem


def test_no_image_is_refused() -> None:
    target = network_target(linear_network())
    with pytest.raises(ValueError, match="give at least one image"):
        measure_under(target, grey_images()[:0], labels_of()[:0], CLEAN, 0)
