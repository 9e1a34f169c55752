"""The course of convex training: places, order of units, certificates, and that it goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import encode
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.networks import ThresholdHead
from spikeatlas.snn.subjects import LayerFeatures, ThresholdHeadSpec
from spikeatlas.snn.training import (
    CheckpointHeader,
    Lesson,
    TrainingSpec,
    epoch_path,
    list_epochs,
    load_network,
    train_network,
)
from spikeatlas.snn.training.convex import patterns, solve_lasso, with_ones
from tests.snn.networks.heads.heads import PATH, convex, digits, head_spec, trained_chain, trunk_of


@pytest.fixture(scope="module")
def data() -> DataSet:
    return digits()


SPEC = head_spec(units=40)


def train(
    folder: Path,
    data: DataSet,
    *,
    spec: ThresholdHeadSpec = SPEC,
    training: TrainingSpec | None = None,
    should_stop: Callable[[], bool] | None = None,
    on_epoch: Callable[[CheckpointHeader], None] | None = None,
) -> dict[float, bytes]:
    train_network(
        spec,
        training or convex(),
        data,
        folder=folder,
        seed=0,
        study="s",
        should_stop=should_stop,
        on_epoch=on_epoch,
    )
    return {place: path.read_bytes() for place, path in list_epochs(folder).items()}


def load(
    folder: Path, place: float, data: DataSet, spec: ThresholdHeadSpec = SPEC
) -> ThresholdHead:
    network = load_network(epoch_path(folder, place), spec, data.shape, len(data.classes))
    assert isinstance(network, ThresholdHead)
    return network


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, data: DataSet) -> Path:
    folder = tmp_path_factory.mktemp("convex")
    train(folder, data)
    return folder


def test_units_come_into_use_along_the_path(folder: Path, data: DataSet) -> None:
    networks = [load(folder, place, data) for place in range(len(PATH) + 1)]
    counts = [int(network.in_use.sum()) for network in networks]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert 0 < counts[1] < counts[2]
    # a unit is the same one at every step, and the first ones are in use first
    assert all(torch.equal(network.planes, networks[0].planes) for network in networks)
    assert networks[1].in_use[: counts[1]].all()
    assert not networks[1].in_use[counts[1] :].any()


def test_each_step_is_the_optimum_of_the_network_that_it_left(folder: Path, data: DataSet) -> None:
    """The checkpoint alone, shown all training images: its patterns are the problem's, its objective that of the Lasso."""
    for step, share in enumerate(PATH, 1):
        network = load(folder, step, data)
        inputs = encode(network, data.train.images)
        features = (network.features(inputs) - network.centre) / network.scale
        drawn = patterns(with_ones(features.numpy()), network.planes.numpy())
        scores = network.scores(network(inputs)).numpy()
        beta = share * len(data.train)
        np.testing.assert_allclose(network.beta.numpy(), beta)
        for category in (0, 7):
            targets = np.where(data.train.labels == category, 1.0, -1.0)
            (optimum,) = solve_lasso(drawn, targets, [beta])
            weights = network.weights[:, category].numpy()
            objective = 0.5 * np.sum((scores[:, category] - targets) ** 2) + beta * np.abs(weights).sum()  # fmt: skip
            assert objective == pytest.approx(optimum.objective, abs=1e-5)
            assert float(network.objective[category]) == pytest.approx(objective, abs=1e-5)
        assert 0 <= float(network.gap.max()) < 1e-6


def test_at_the_start_beta_is_the_least_without_a_unit(folder: Path, data: DataSet) -> None:
    network = load(folder, 0, data)
    assert not network.weights.any()
    np.testing.assert_allclose(network.objective.numpy(), len(data.train) / 2)
    np.testing.assert_allclose(network.gap.numpy(), 0, atol=1e-9)
    assert (network.beta > PATH[0] * len(data.train)).all()


def test_headers_count_steps_of_the_path(tmp_path: Path, data: DataSet) -> None:
    headers: list[CheckpointHeader] = []
    train(tmp_path, data, on_epoch=headers.append)
    assert [header.step for header in headers] == [0, 1, 2, 3]
    assert [header.images_seen for header in headers] == [0, 80, 160, 240]
    assert headers[0].accuracy == pytest.approx(0.1, abs=0.03)
    assert headers[-1].accuracy > 0.5
    assert headers[-1].loss < headers[0].loss


def test_digits_are_learnt(tmp_path: Path) -> None:
    from spikeatlas.snn.data import Digits, load_data

    headers: list[CheckpointHeader] = []
    spec, path = head_spec(units=300), convex(path=(0.1, 0.01, 0.003))
    train(tmp_path, load_data(Digits()), spec=spec, training=path, on_epoch=headers.append)
    accuracies = [header.accuracy for header in headers]
    assert accuracies == sorted(accuracies)
    assert accuracies[-1] >= 0.9


def after(checks: int) -> Callable[[], bool]:
    left = iter(range(checks))
    return lambda: next(left, None) is None


@pytest.mark.parametrize("checks", [0, 1, 4, 9])
def test_stopped_it_ends_the_same(tmp_path: Path, folder: Path, data: DataSet, checks: int) -> None:
    whole = {place: path.read_bytes() for place, path in list_epochs(folder).items()}
    with pytest.raises(InterruptedError):
        train(tmp_path, data, should_stop=after(checks))
    assert not list_epochs(tmp_path)
    assert train(tmp_path, data) == whole


def test_a_checkpoint_that_is_lost_comes_back(tmp_path: Path, folder: Path, data: DataSet) -> None:
    whole = train(tmp_path, data)
    epoch_path(tmp_path, 1).unlink()
    assert train(tmp_path, data) == whole
    assert whole == {place: path.read_bytes() for place, path in list_epochs(folder).items()}


def test_other_seeds_draw_other_planes(tmp_path: Path, folder: Path, data: DataSet) -> None:
    train_network(SPEC, convex(), data, folder=tmp_path, seed=1, study="s")
    assert not torch.equal(load(tmp_path, 1, data).planes, load(folder, 1, data).planes)


def test_shuffled_labels_say_nothing(tmp_path: Path, data: DataSet) -> None:
    training = TrainingSpec(method=convex().method, labels="shuffled")
    headers: list[CheckpointHeader] = []
    train(tmp_path, data, training=training, on_epoch=headers.append)
    assert headers[-1].accuracy < 0.4


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_a_head_on_a_layer_holds_the_network_below_it(
    tmp_path: Path, data: DataSet, coding: str
) -> None:
    chain = trained_chain(tmp_path / "chain", data, coding=coding)
    spec = head_spec(units=20, features=LayerFeatures(network=chain, layer="conv1", epoch=1))  # type: ignore[arg-type]
    made = train(tmp_path / "head", data, spec=spec)
    assert made == train(tmp_path / "again", data, spec=spec)

    network = load(tmp_path / "head", 3, data, spec)
    source = load_network(epoch_path(tmp_path / "chain", 1), *_chain(spec), data.shape, 10)
    for name, tensor in trunk_of(network).items():
        assert torch.equal(tensor, source.state_dict()[name])
    assert network.in_use.any()


def _chain(spec: ThresholdHeadSpec) -> tuple[Any]:
    assert spec.frozen is not None
    return (spec.frozen.architecture,)


def test_more_units_than_patterns_are_told(tmp_path: Path, data: DataSet) -> None:
    few = DataSet(data.train.__class__(data.train.images[:2], data.train.labels[:2]), data.test, data.classes)  # fmt: skip
    for images, told in ((few, True), (data, False)):
        lesson = Lesson(SPEC, convex(), images, 0, "s")
        assert bool(convex().method.lesson_problems(lesson)) == told
    with pytest.raises(ValueError, match=r"network\.units is 40, but .* make only 3 patterns"):
        train(tmp_path, few)
