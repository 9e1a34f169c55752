"""Residual networks are trained, kept and resumed as chains are, their batch norms with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spikeatlas.snn.data import DataSet, Digits, load_data
from spikeatlas.snn.files import load_checkpoint
from spikeatlas.snn.networks import ResNetArchitecture, SpikingResNet
from spikeatlas.snn.training import (
    CheckpointHeader,
    TrainingSpec,
    epoch_path,
    list_epochs,
    load_network,
    train_network,
)

SPEC = ResNetArchitecture(width=4, blocks=(1, 1, 1, 1), stem="cifar", time_steps=4)
TRAINING = TrainingSpec(epochs=2, batch_size=25, lr=1e-2)  # 3 steps an epoch, the last one short


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load_data(Digits(limit=60))


def train(
    folder: Path,
    data: DataSet,
    *,
    spec: ResNetArchitecture = SPEC,
    training: TrainingSpec = TRAINING,
    should_stop: Callable[[], bool] | None = None,
    on_epoch: Callable[[CheckpointHeader], None] | None = None,
) -> dict[str, bytes]:
    train_network(
        spec,
        training,
        data,
        folder=folder,
        seed=0,
        study="s",
        epochs=(0.5,),
        should_stop=should_stop,
        on_epoch=on_epoch,
    )
    return {path.name: path.read_bytes() for path in list_epochs(folder).values()}


def test_it_learns_digits(tmp_path: Path) -> None:
    headers: list[CheckpointHeader] = []
    training = TrainingSpec(epochs=3, batch_size=16, lr=1e-2, surrogate="atan")  # type: ignore[arg-type]

    train(tmp_path, load_data(Digits(limit=600)), training=training, on_epoch=headers.append)

    assert [header.epoch for header in headers] == [0, 0.5, 1, 2, 3]
    assert headers[0].accuracy < 0.2
    assert headers[-1].accuracy > 0.5
    network = load_network(epoch_path(tmp_path, 3), SPEC, (1, 8, 8), 10)
    assert isinstance(network, SpikingResNet)
    assert not network.training
    # no step of the measurements is one of the norm's
    assert network.state_dict()["bn1.num_batches_tracked"] == 3 * 38


def test_killed_at_any_step_it_ends_the_same(
    tmp_path: Path, digits: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spikeatlas.snn.training.methods.step_learner._STEPS_BETWEEN_SAVES", 2)
    wanted = train(tmp_path / "whole", digits)
    for steps in range(1, 6):
        left = iter(range(steps))

        def kill(left: Any = left) -> bool:
            next(left)  # StopIteration: nothing gets to save
            return False

        folder = tmp_path / str(steps)
        with pytest.raises(StopIteration):
            train(folder, digits, should_stop=kill)
        assert train(folder, digits) == wanted


def test_running_statistics_are_part_of_a_checkpoint(tmp_path: Path, digits: DataSet) -> None:
    train(tmp_path, digits)

    first, last = (load_checkpoint(epoch_path(tmp_path, epoch))[0] for epoch in (0, 2))

    assert not torch.equal(first["layer2.0.bn2.running_var"], last["layer2.0.bn2.running_var"])
    assert int(last["layer2.0.bn2.num_batches_tracked"]) == 6


def test_both_backends_train_alike(tmp_path: Path, digits: DataSet) -> None:
    headers: dict[str, list[CheckpointHeader]] = {"fused": [], "eager": []}
    for backend, records in headers.items():
        training = dataclasses.replace(TRAINING, epochs=1, backend=backend)  # type: ignore[arg-type]
        train(tmp_path / backend, digits, training=training, on_epoch=records.append)

    for fused, eager in zip(*headers.values(), strict=True):
        assert fused.loss == pytest.approx(eager.loss, rel=1e-2)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"neuron": {"kind": "lif", "tau": 3.0}}, r"sn1\.tau is 2\.0, not 3\.0"),
        ({"reset": "subtract"}, r"layer2\.0\.sn2\.hard is True, not False"),
        ({"width": 3}, r"conv1\.weight has shape \(4, 1, 3, 3\), not \(3, 1, 3, 3\)"),
        ({"blocks": (1, 1, 1)}, r"layer4\.0\.conv1\.weight is not in the network"),
    ],
    ids=str,
)
def test_a_checkpoint_of_another_network_is_refused(
    tmp_path: Path, digits: DataSet, changes: dict[str, Any], sentence: str
) -> None:
    train(tmp_path, digits, training=TrainingSpec(epochs=1, batch_size=60))
    spec = ResNetArchitecture(
        **{"width": 4, "blocks": (1, 1, 1, 1), "stem": "cifar", "time_steps": 4, **changes}
    )

    with pytest.raises(ValueError, match=sentence):
        load_network(epoch_path(tmp_path, 1), spec, (1, 8, 8), 10)
