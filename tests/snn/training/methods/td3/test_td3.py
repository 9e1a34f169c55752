"""TD3 trains actors in an environment: resumed to the same bytes, and refused in sentences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeatlas.snn.environments import environment
from spikeatlas.snn.networks import ActorNetwork, NetworkSite
from spikeatlas.snn.neurons import SURROGATES
from spikeatlas.snn.training import (
    Lesson,
    Td3,
    TrainingSpec,
    epoch_path,
    list_epochs,
    load_network,
    read_header,
)
from spikeatlas.snn.training.methods.td3 import episode_returns
from tests.snn.actors import QUICK, RELU, architecture, data, teach

pytest.importorskip("gymnasium", reason="environments are Gymnasium's (extra actor)")


def after(steps: int) -> Callable[[], bool]:
    left = iter(range(steps))
    return lambda: next(left, None) is None


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    folder = tmp_path_factory.mktemp("td3")
    return folder, teach(folder)


def test_places_are_environment_steps(whole: tuple[Path, list[bytes]]) -> None:
    folder, files = whole
    assert list(list_epochs(folder)) == [0, 30, 60]
    assert len(set(files)) == 3
    headers = [read_header(epoch_path(folder, place)) for place in (0, 30, 60)]
    assert [(header.step, header.images_seen) for header in headers] == [
        (0, 0),
        (30, 80),
        (60, 200),
    ]
    assert all(np.isnan([header.accuracy, header.loss]).all() for header in headers)
    method = Td3(every=400)
    assert method.axis.units == "step"
    assert method.places(architecture(), 1000) == (0, 400, 800, 1000)
    assert method.places(architecture(), 0) == (0,)


def test_places_are_whole_steps() -> None:
    method = Td3(every=400)
    assert method.place_problems(architecture(), 1000, [0, 3, 401.0, 1000]) == []
    assert method.place_problems(architecture(), 1000, [0.5, 3, float("inf")]) == [
        "0.5, inf has no checkpoint, for td3 counts whole environment steps; choose whole numbers, 0 to 1000"
    ]
    (sentence,) = method.place_problems(architecture(), 1000, [1001])
    assert "choose 0 to 1000, or train longer" in sentence


@pytest.mark.parametrize("steps", [0, 15, 30, 47])
def test_stopped_at_any_step_it_ends_the_same(
    whole: tuple[Path, list[bytes]], tmp_path: Path, steps: int
) -> None:
    with pytest.raises(InterruptedError):
        teach(tmp_path, after(steps))
    assert teach(tmp_path) == whole[1]


def test_stopped_in_a_later_episode_it_ends_the_same(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"steps": 230, "every": 230, "start_steps": 200, "update_after": 210}
    whole = teach(tmp_path / "whole", **fields)
    with pytest.raises(InterruptedError):
        teach(tmp_path / "stopped", after(215), **fields)  # an episode of Pendulum has 200 steps
    assert teach(tmp_path / "stopped", **fields) == whole


def test_a_training_that_changes_nothing_is_named() -> None:
    method = Td3(update_after=50)
    for steps, refused in ((49, True), (50, False)):
        spec = TrainingSpec(epochs=steps, method=method)
        problems = method.lesson_problems(Lesson(architecture(), spec, data(), 0, "s"))
        assert [problem[:18] for problem in problems] == [
            f"training.epochs: {steps}"[:18]
        ] * refused


def test_a_checkpoint_tells_the_return_of_its_own_network(
    whole: tuple[Path, list[bytes]],
) -> None:
    folder, _ = whole
    world, seeds = environment("Pendulum-v1"), range(1_000_000, 1_000_010)
    for place in (0, 60):
        path = epoch_path(folder, place)
        network = load_network(path, architecture(), (1, 1, 3), 1)
        assert isinstance(network, ActorNetwork)
        expected = np.mean(episode_returns(network, world, seeds))
        assert read_header(path).mean_return == pytest.approx(expected)


def test_a_missing_checkpoint_is_made_again(
    whole: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    teach(tmp_path)
    epoch_path(tmp_path, 30).unlink()
    assert teach(tmp_path) == whole[1]


def test_the_same_actor_without_spikes_learns_likewise(tmp_path: Path) -> None:
    files = teach(tmp_path, network=architecture(**RELU))
    assert len(set(files)) == 3


def test_what_it_does_not_read_is_named() -> None:
    spec = TrainingSpec(method=Td3(), batch_size=32, lr=0.1)
    assert spec.problems(architecture()) == [
        "training.batch_size: td3 does not read it; leave it out",
        "training.lr: td3 does not read it; leave it out",
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"environment": "Pendulum-v77"},
            "training.method.environment: Gymnasium makes no environment 'Pendulum-v77'",
        ),
        ({}, "network.actions: 3 is not the number of actions in Pendulum-v1; set it to 1"),
    ],
)
def test_what_it_cannot_train_is_named(fields: dict[str, Any], sentence: str) -> None:
    problems = TrainingSpec(method=Td3(**fields)).problems(architecture(actions=3))
    assert len(problems) == 1
    assert problems[0].startswith(sentence)


def test_other_observations_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError,
        match="MountainCarContinuous-v0 has 2 observations, but the data's stimuli hold 3",
    ):
        teach(tmp_path, environment="MountainCarContinuous-v0")


def test_a_training_that_diverges_ends_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FloatingPointError, match=r"lower training\.method\.actor_lr or critic_lr"):
        teach(tmp_path, critic_lr=1e30)


def test_returns_are_sums_of_rewards() -> None:
    site = NetworkSite((1, 1, 3), 1, [0.0], [1.0], 0, SURROGATES.read("rectangle"))
    network = architecture().build(site)
    world = environment("Pendulum-v1")
    returns = episode_returns(network, world, [4, 9])
    assert returns == episode_returns(network, world, [4, 9])
    assert returns[1] == pytest.approx(episode_returns(network, world, [9])[0], rel=1e-4)
    # 200 steps, each between 0 and -(pi^2 + 0.1 * 64 + 0.001 * 4)
    assert all(-200 * 16.28 < value < 0 for value in returns)
    assert QUICK["kind"] == "td3"
