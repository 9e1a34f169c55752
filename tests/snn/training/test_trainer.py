"""Training that is killed anywhere ends with the same checkpoints, byte for byte."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spikeatlas.snn.data import Digits, load_data
from spikeatlas.snn.files import load_checkpoint, load_state
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.training import (
    TrainingSpec,
    epoch_path,
    list_epochs,
    load_network,
    read_header,
    train_network,
)
from spikeatlas.snn.training.callbacks import Demp
from spikeatlas.snn.training.objectives import CrossEntropy, Hebbian
from spikeatlas.snn.training.trainer import STATE
from tests.snn.nets import toy_data

SPEC = NetworkSpec(channels=(3, 4), hidden=(6,), time_steps=5)
TRAINING = TrainingSpec(epochs=2, batch_size=12)  # 4 steps an epoch, the last one short
EPOCHS = (0.25, 1.5)


def train(
    folder: Path, *, spec: NetworkSpec = SPEC, seed: int = 0, study: str = "s",
    should_stop: Callable[[], bool] | None = None,
) -> dict[str, bytes]:  # fmt: skip
    train_network(
        spec,
        TRAINING,
        toy_data(),
        folder=folder,
        seed=seed,
        study=study,
        epochs=EPOCHS,
        should_stop=should_stop,
    )
    return {path.name: path.read_bytes() for path in list_epochs(folder).values()}


def after(steps: int) -> Callable[[], bool]:
    left = iter(range(steps))
    return lambda: next(left, None) is None


def test_checkpoints_of_every_epoch_asked_for(tmp_path: Path) -> None:
    train(tmp_path)

    assert list(list_epochs(tmp_path)) == [0, 0.25, 1, 1.5, 2]
    header = read_header(epoch_path(tmp_path, 1.5))
    assert (header.epoch, header.step, header.images_seen, header.study) == (1.5, 6, 64, "s")
    assert {"torch_version", "snntorch_version"} <= set(load_checkpoint(epoch_path(tmp_path, 2))[1])


@pytest.mark.parametrize(
    "spec", [SPEC, NetworkSpec(channels=(3, 4), hidden=(6,), time_steps=5, coding="poisson")]
)
def test_stopped_at_any_step_it_ends_the_same(tmp_path: Path, spec: NetworkSpec) -> None:
    wanted = train(tmp_path / "whole", spec=spec)
    for steps in range(8):
        folder = tmp_path / str(steps)
        with pytest.raises(InterruptedError):
            train(folder, spec=spec, should_stop=after(steps))
        assert train(folder, spec=spec) == wanted


def test_stopped_within_an_epoch_it_goes_on_from_that_step(tmp_path: Path) -> None:
    with pytest.raises(InterruptedError):
        train(tmp_path, should_stop=after(7))
    assert load_state(tmp_path / STATE)["step"] == 7

    train(tmp_path, should_stop=after(1))  # one step was left: it is not asked a second time


def test_killed_within_an_epoch_it_goes_on_from_the_last_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = train(tmp_path / "whole")
    monkeypatch.setattr("spikeatlas.snn.training.methods.step_learner._STEPS_BETWEEN_SAVES", 3)
    left = iter(range(7))

    def kill() -> bool:
        next(left)  # StopIteration at step 7: nothing gets to save
        return False

    with pytest.raises(StopIteration):
        train(tmp_path / "killed", should_stop=kill)
    assert load_state(tmp_path / "killed" / STATE)["step"] == 6
    assert train(tmp_path / "killed") == wanted


def test_a_damaged_state_is_done_without(tmp_path: Path) -> None:
    wanted = train(tmp_path / "whole")
    with pytest.raises(InterruptedError):
        train(tmp_path / "hurt", should_stop=after(5))
    (tmp_path / "hurt" / STATE).write_bytes(b"broken")

    assert train(tmp_path / "hurt") == wanted


@pytest.mark.parametrize("epoch", [2.5, -1.0, float("nan")])
def test_epochs_that_training_does_not_reach_are_refused(tmp_path: Path, epoch: float) -> None:
    with pytest.raises(ValueError, match=r"training\.epochs is 2"):
        train_network(
            SPEC, TRAINING, toy_data(), folder=tmp_path, seed=0, study="s", epochs=[epoch]
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("epoch", [0.0, 0.00001, 0.1, 0.1 + 0.2, 5.0, 100.0])
def test_a_checkpoints_name_says_its_epoch_exactly(tmp_path: Path, epoch: float) -> None:
    epoch_path(tmp_path, epoch).touch()

    assert list(list_epochs(tmp_path)) == [epoch]


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_training_leaves_the_global_generators_alone(tmp_path: Path, coding: str) -> None:
    torch.manual_seed(0)
    wanted = torch.rand(3)
    torch.manual_seed(0)

    train(tmp_path, spec=dataclasses.replace(SPEC, coding=coding))  # type: ignore[arg-type]

    assert torch.equal(torch.rand(3), wanted)


def test_a_lost_checkpoint_is_made_again(tmp_path: Path) -> None:
    wanted = train(tmp_path)
    epoch_path(tmp_path, 1).unlink()

    assert train(tmp_path) == wanted


def test_a_damaged_checkpoint_is_made_again(tmp_path: Path) -> None:
    wanted = train(tmp_path)
    epoch_path(tmp_path, 2).write_bytes(b"broken")

    assert train(tmp_path) == wanted


def test_another_study_trains_anew(tmp_path: Path) -> None:
    first = train(tmp_path)

    second = train(tmp_path, seed=1, study="t")

    assert second == train(tmp_path / "fresh", seed=1, study="t")
    assert second.keys() == first.keys()
    assert second["epoch-2.safetensors"] != first["epoch-2.safetensors"]


def test_a_finished_training_does_nothing(tmp_path: Path) -> None:
    train(tmp_path)
    train(tmp_path, should_stop=lambda: pytest.fail("trained again"))


def test_a_diverging_training_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "torch.nn.functional.cross_entropy", lambda scores, _: scores.sum() * float("nan")
    )
    with pytest.raises(FloatingPointError, match=r"training.lr"):
        train_network(
            SPEC,
            TrainingSpec(epochs=3, batch_size=12, lr=0.5),
            toy_data(),
            folder=tmp_path,
            seed=0,
            study="s",
        )


def test_a_diverging_training_names_what_may_be_too_strong(tmp_path: Path) -> None:
    spec = TrainingSpec(
        epochs=3,
        batch_size=12,
        objectives=(CrossEntropy(), Hebbian(alpha=1e60)),
        callbacks=(Demp(penalty=1e60),),
    )
    with pytest.raises(FloatingPointError) as raised:
        train_network(SPEC, spec, toy_data(), folder=tmp_path, seed=0, study="s")
    assert "or alpha of hebbian in training.objectives, which is 1e+60" in str(raised.value)
    assert "or penalty of demp in training.callbacks, which is 1e+60" in str(raised.value)


def test_loading_checks_keys_shapes_and_neurons(tmp_path: Path) -> None:
    train(tmp_path)
    path = epoch_path(tmp_path, 2)
    tensors, _ = load_checkpoint(path)

    network = load_network(path, SPEC, (1, 8, 8), 2)

    assert all(torch.equal(tensors[name], value) for name, value in network.state_dict().items())
    for spec, told in [
        (
            NetworkSpec(channels=(3, 5), hidden=(6,), time_steps=5),
            r"stages.1.operator.weight has shape",
        ),
        (
            NetworkSpec(channels=(3, 4), hidden=(), time_steps=5),
            r"stages.3.operator.weight is not in the network",
        ),
        (NetworkSpec(channels=(3, 4), hidden=(6,), time_steps=5, beta=0.5), r"neuron.beta is 0.89"),
    ]:
        with pytest.raises(ValueError, match=told):
            load_network(path, spec, (1, 8, 8), 2)


def test_digits_are_learned_in_five_epochs(tmp_path: Path) -> None:
    train_network(
        NetworkSpec(), TrainingSpec(), load_data(Digits()), folder=tmp_path, seed=0, study="s"
    )

    assert read_header(epoch_path(tmp_path, 0)).accuracy < 0.3
    assert read_header(epoch_path(tmp_path, 5)).accuracy >= 0.95
