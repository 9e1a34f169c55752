"""The course of a conversion: its stages, what is frozen, what is chosen, and going on where it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spikeatlas.snn.data import DataSet, Digits, Split, load_data
from spikeatlas.snn.files import load_checkpoint
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.training import (
    Lesson,
    TrainingSpec,
    epoch_path,
    load_network,
    read_header,
    train_network,
)
from spikeatlas.snn.training.methods.tandem import TandemLearner, TandemMethod
from spikeatlas.snn.training.methods.tandem.hybrid_network import neuron_of
from tests.snn.nets import toy_data
from tests.snn.training.methods.tandem.tandem_nets import FIELDS, SPEC, learner, train, training

PLACES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)


def after(steps: int) -> Callable[[], bool]:
    ticks = iter(range(steps))
    return lambda: next(ticks, None) is None


def tensors(folder: Path, place: float, prefix: str) -> dict[str, Tensor]:
    """Tensors of a layer at a place."""
    stored, _ = load_checkpoint(epoch_path(folder, place))
    return {name: tensor for name, tensor in stored.items() if name.startswith(prefix)}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    assert one.keys() == other.keys() != set()
    return all(torch.equal(one[name], other[name]) for name in one)


def test_each_stage_begins_with_a_conversion(tmp_path: Path) -> None:
    train(tmp_path)

    for place in PLACES:
        network = load_network(epoch_path(tmp_path, place), SPEC, (1, 8, 8), 2)
        spiking = [layer.neuron.spiking for layer in network]  # type: ignore[attr-defined]
        assert spiking == [place >= 1, place >= 2, False]
        assert read_header(epoch_path(tmp_path, place)).epoch == place
    steps = [read_header(epoch_path(tmp_path, place)).step for place in PLACES]
    assert steps[0] == 0
    assert steps[1] == steps[2] < steps[3] == steps[4] < steps[5]


def test_thresholds_are_measured_on_all_classes_where_images_stand_class_by_class() -> None:
    bright = np.zeros((1200, 1, 8, 8), np.uint8)
    bright[1000:] = 255

    def threshold(split: Split) -> float:
        lesson = Lesson(SPEC, training(), DataSet(split, split, ("dark", "bright")), 0, "s")
        made = TandemLearner(lesson, TandemMethod())
        made.network.mean.fill_(0)
        made.network.std.fill_(1)
        made._measure()
        return float(neuron_of(made.hybrid.hidden[0]).threshold)

    both = threshold(Split(bright, np.repeat([0, 1], [1000, 200])))
    assert both > 2 * threshold(Split(bright[:1000], np.arange(1000) % 2))


@pytest.mark.parametrize(("newest", "end"), [("tuned", 1.5), ("frozen", 1.0)])
def test_frozen_layers_stay_bit_for_bit(tmp_path: Path, newest: str, end: float) -> None:
    train(tmp_path, method={"newest": newest})

    frozen = tensors(tmp_path, end, "stages.0.")
    for place in PLACES[PLACES.index(end) :]:
        assert same(tensors(tmp_path, place, "stages.0."), frozen)
    # what is not frozen learns
    assert same(tensors(tmp_path, 1, "stages.0."), tensors(tmp_path, 1.5, "stages.0.")) == (
        newest == "frozen"
    )
    assert not same(tensors(tmp_path, 1, "stages.1."), tensors(tmp_path, 1.5, "stages.1."))
    assert not same(tensors(tmp_path, 2, "stages.2."), tensors(tmp_path, 2.5, "stages.2."))


def test_a_conversion_changes_nothing_but_spikes_and_thresholds(tmp_path: Path) -> None:
    train(tmp_path)
    before, after_it = (tensors(tmp_path, place, "") for place in (0.5, 1.0))

    changed = {name for name in before if not torch.equal(before[name], after_it[name])}
    assert "stages.0.neuron.converted" in changed
    assert changed <= {"stages.0.neuron.converted", "stages.1.neuron.threshold"}


@pytest.mark.parametrize("fields", [{}, {"method": {"newest": "frozen"}}], ids=["tuned", "frozen"])
def test_stopped_at_any_step_it_ends_the_same(tmp_path: Path, fields: dict[str, Any]) -> None:
    whole = train(tmp_path / "whole", **dict(fields))
    assert tuple(whole) == PLACES
    assert len(set(whole.values())) == len(PLACES)
    for steps in (0, 1, 4, 9, 10, 11, 13, 17, 22, 26):
        folder = tmp_path / str(steps)
        with pytest.raises(InterruptedError):
            train(folder, after(steps), **dict(fields))
        assert train(folder, **dict(fields)) == whole


def test_a_lost_checkpoint_is_made_again(tmp_path: Path) -> None:
    whole = train(tmp_path)
    for place in PLACES:
        epoch_path(tmp_path, place).unlink()
        assert train(tmp_path) == whole


def test_validation_images_are_split_off_the_training_images() -> None:
    data = toy_data()
    taught = {
        seed: (learner(seed=seed).training.images, learner(seed=seed).validation.images)
        for seed in (0, 1)
    }
    for parts in taught.values():
        rows = sorted(image.tobytes() for part in parts for image in part)
        assert rows == sorted(image.tobytes() for image in data.train.images)
        assert len(parts[1]) == 4
    assert not np.array_equal(taught[0][1], taught[1][1])


def test_the_best_of_a_stage_is_what_it_ends_with(monkeypatch: pytest.MonkeyPatch) -> None:
    taught = learner(epochs=5, method={"patience": 2})
    accuracies = iter([0.5, 0.9, 0.6, 0.7])
    weights: list[Tensor] = []
    labels = torch.from_numpy(taught.validation.labels)

    def scores(split: object) -> Tensor:
        assert split is taught.validation
        weights.append(taught.network.state_dict()["stages.0.operator.weight"].clone())
        # so many of 4 right
        right = torch.arange(len(labels)) < round(next(accuracies) * len(labels))
        return torch.nn.functional.one_hot(torch.where(right, labels, 1 - labels), 2).float()

    monkeypatch.setattr(taught, "scores", scores)
    taught.reach(0.5, lambda: None, lambda: None)

    assert len(weights) == 4
    assert torch.equal(taught.network.state_dict()["stages.0.operator.weight"], weights[1])
    assert not torch.equal(weights[1], weights[-1])


def test_the_last_stage_learns_at_a_tenth() -> None:
    taught = learner(lr=0.01)
    rates = []
    for place in (0.0, 1.0, 2.0):
        taught.reach(place, lambda: None, lambda: None)
        groups = taught.state_dict()["optimizer"]["param_groups"]
        rates.append([group["lr"] for group in groups])
    # biases, which add up over 8 steps, at an eighth
    assert rates[0] == rates[1] == pytest.approx([0.01, 0.01 / 8])
    assert rates[2] == pytest.approx([0.001, 0.001 / 8])


def test_a_control_is_the_same_training_without_conversions(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole")
    control = train(tmp_path / "control", method={"stages": 0})

    assert control == {place: whole[place] for place in (0.0, 0.5)}


def test_one_image_leaves_none_for_validation(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is 1 to train with; give at least 2"):
        train_network(
            SPEC,
            TrainingSpec(method=TandemMethod()),
            toy_data(1),
            folder=tmp_path,
            seed=0,
            study="s",
        )


def test_a_loss_that_is_not_finite_ends_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FloatingPointError, match=r"lower training\.lr"):
        train(tmp_path, lr=1e30)


def test_digits_survive_their_conversion(tmp_path: Path) -> None:
    """64-128-64-10, 16 steps: the spiking network within 2 points of the analogue one, and no analogue hidden layer left."""
    spec = NetworkSpec(channels=(), hidden=(128, 64), **(FIELDS | {"time_steps": 16}))
    spec_of_training = TrainingSpec(epochs=20, batch_size=64, lr=1e-3, method=TandemMethod())
    data = load_data(Digits())
    train_network(spec, spec_of_training, data, folder=tmp_path, seed=0, study="s")

    ann, snn = (read_header(epoch_path(tmp_path, place)).accuracy for place in (0.5, 2.5))
    network = load_network(epoch_path(tmp_path, 2.5), spec, data.shape, len(data.classes))
    assert ann >= 0.95
    assert snn >= ann - 0.02
    assert [neuron_of(layer).spiking for layer in list(network)[:-1]] == [True, True]  # type: ignore[call-overload]
