"""The control that is taught labels that say nothing: the same network and images, nothing to learn."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.data import DataSet, Digits, Split, load_data
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.training import (
    Lesson,
    StepLearner,
    TrainingSpec,
    epoch_path,
    load_network,
    read_header,
    train_network,
)
from spikeatlas.snn.training.methods.step_learner import taught_split
from tests.snn.nets import toy_data

SPEC = NetworkSpec(channels=(6, 8), hidden=(16,), time_steps=6)
TRUE = TrainingSpec(epochs=6, batch_size=16, lr=5e-3)
SHUFFLED = TrainingSpec(epochs=6, batch_size=16, lr=5e-3, labels="shuffled")


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load_data(Digits(limit=400))


def taught(split: Split, spec: TrainingSpec, seed: int) -> Split:
    data = dataclasses.replace(toy_data(), train=split)
    return taught_split(Lesson(SPEC, spec, data, seed, "s"))


def test_every_label_stays_and_moves_by_the_seed(digits: DataSet) -> None:
    split = digits.train
    before = split.labels.copy()

    found = taught(split, SHUFFLED, 3)

    assert found.images is split.images
    np.testing.assert_array_equal(np.bincount(found.labels), np.bincount(split.labels))
    # about a tenth keep theirs by chance
    assert 0.03 < (found.labels == split.labels).mean() < 0.2
    np.testing.assert_array_equal(found.labels, taught(split, SHUFFLED, 3).labels)
    assert (found.labels != taught(split, SHUFFLED, 4).labels).any()
    np.testing.assert_array_equal(split.labels, before)
    assert taught(split, TRUE, 3) is split


def test_one_label_is_kept_over_all_epochs() -> None:
    data = toy_data()
    spec = TrainingSpec(epochs=2, batch_size=12, labels="shuffled")

    first, again = (StepLearner(Lesson(SPEC, spec, data, 1, "s")) for _ in range(2))
    first.train(8)

    np.testing.assert_array_equal(first._train.labels, again._train.labels)


def test_accuracy_is_of_the_true_labels_and_about_chance(digits: DataSet, tmp_path: Path) -> None:
    accuracy = {}
    for spec in (TRUE, SHUFFLED):
        folder = tmp_path / spec.labels
        train_network(SPEC, spec, digits, folder=folder, seed=0, study="s")
        accuracy[spec.labels] = read_header(epoch_path(folder, 6)).accuracy
        net = load_network(epoch_path(folder, 6), SPEC, digits.shape, 10)
        with torch.no_grad():
            told = net(encode(net, digits.test.images, CodingKey(0, "", "test"))).sum(0).argmax(1)
        measured = float((told.numpy() == digits.test.labels).mean())
        assert accuracy[spec.labels] == pytest.approx(measured, abs=0.01)

    assert accuracy["true"] > 0.6
    assert accuracy["shuffled"] < 0.25


def test_stopped_and_resumed_the_labels_are_the_same(tmp_path: Path) -> None:
    data, spec = toy_data(), TrainingSpec(epochs=2, batch_size=12, labels="shuffled")
    left = iter(range(5))

    train_network(SPEC, spec, data, folder=tmp_path / "whole", seed=0, study="s")
    with pytest.raises(InterruptedError):
        train_network(
            SPEC, spec, data, folder=tmp_path / "cut", seed=0, study="s",
            should_stop=lambda: next(left, None) is None,
        )  # fmt: skip
    train_network(SPEC, spec, data, folder=tmp_path / "cut", seed=0, study="s")

    for epoch in (0, 1, 2):
        whole, cut = (epoch_path(tmp_path / name, epoch).read_bytes() for name in ("whole", "cut"))
        assert whole == cut
