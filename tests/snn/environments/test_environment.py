"""Environments have bounds, and what cannot be used says why in a sentence."""

from __future__ import annotations

import builtins
import math
from typing import Any, cast

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from spikeatlas.snn.environments import EnvironmentName, environment, environment_problems

pytest.importorskip("gymnasium", reason="environments are Gymnasium's (extra actor)")


def test_the_pendulum_has_the_bounds_of_its_definition() -> None:
    world = environment("Pendulum-v1")
    assert (world.low, world.high, world.limit) == ((-1, -1, -8), (1, 1, 8), (2,))


def test_observations_are_stimuli_over_their_bounds() -> None:
    world = environment("Pendulum-v1")
    rows = np.array([[-1, 0, 8], [1, 1, -8], [0.2, -0.6, 20]])
    expected = [[0, 128, 255], [255, 255, 0], [153, 51, 255]]
    np.testing.assert_array_equal(world.stimuli(rows)[:, 0, 0], expected)
    np.testing.assert_allclose(world.shares(rows)[2], np.array([0.6, 0.2, 1]))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Pendulum-v99", "Gymnasium makes no environment 'Pendulum-v99' here"),
        ("NoSuchThing-v0", "choose one it has, such as Pendulum-v1"),
        ("CartPole-v1", "the observations of CartPole-v1 have no bounds"),
        ("Acrobot-v1", "no row of numbers"),
        ("Ant-v3", r"makes no environment 'Ant-v3' here \(ImportError: .*; choose one it has"),
        ("GymV26Environment-v0", r"here \(ImportError: .*shimmy"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*out of date:DeprecationWarning")
def test_an_environment_that_cannot_be_used_says_why(name: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        environment(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "error", [ImportError(), OSError("libGL.so.1 is not there"), RuntimeError("a\nb")]
)
def test_whatever_a_maker_raises_is_a_sentence(error: Exception) -> None:
    import gymnasium

    def fail() -> Any:
        raise error

    name = f"Raises{type(error).__name__}-v0"
    gymnasium.register(name, entry_point=cast("Any", fail))
    (sentence,) = environment_problems("data", name)
    assert f"data: Gymnasium makes no environment '{name}' here ({type(error).__name__}" in sentence
    assert "\n" not in sentence


def register(low: float, high: float, action: float) -> str:
    """Register an environment of two observations and one action, and return its name."""
    import gymnasium

    name = f"Bounds{abs(hash((low, high, action))) % 10**6}-v0"

    class Bounds(gymnasium.Env[Any, Any]):
        observation_space = gymnasium.spaces.Box(low, high, (2,))
        action_space = gymnasium.spaces.Box(action, 1.0, (1,))

    gymnasium.register(name, entry_point=cast("Any", Bounds))
    return name


def test_numbers_without_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match="have no bounds, which a grid of stimuli needs"):
        environment(register(-math.inf, math.inf, -1))


def test_actions_with_uneven_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match="bounded alike on both sides"):
        environment(register(-1, 1, -0.5))


def test_a_name_imports_nothing() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(EnvironmentName).validate_python("mymodule:Pendulum-v1")


def test_without_gymnasium_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "gymnasium":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    environment.cache_clear()
    monkeypatch.setattr(builtins, "__import__", absent)
    sentence = "data: the environment Pendulum-v1 needs Gymnasium, which is not installed; pip install 'spikeatlas[actor]'"
    assert environment_problems("data", "Pendulum-v1") == [sentence]
