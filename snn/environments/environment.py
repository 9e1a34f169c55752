"""Environments of Gymnasium whose observations and actions are numbers within bounds, such as Pendulum-v1."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from spikeatlas.snn.sentences import caught, reason_of

if TYPE_CHECKING:
    # an optional extra
    import gymnasium

Floats = npt.NDArray[np.float64]

EnvironmentName = Annotated[str, Field(pattern=r"^\w[\w-]*$")]
"""Name of an environment that Gymnasium itself registers: never one with a module, which would be imported."""


@dataclass(frozen=True)
class Environment:
    """The bounds of what an agent observes and does."""

    name: str
    low: tuple[float, ...]
    """Smallest value of each observation, (d,)."""
    high: tuple[float, ...]
    """Largest one."""
    limit: tuple[float, ...]
    """Largest magnitude of each action, (a,): actions lie in [-limit, limit]."""

    def shares(self, observations: npt.ArrayLike) -> Floats:
        """Places of observations (n, d) between their bounds: 0 the smallest value, 1 the largest."""
        low, high = np.array(self.low), np.array(self.high)
        shares: Floats = np.clip((np.asarray(observations) - low) / (high - low), 0, 1)
        return shares

    def stimuli(self, observations: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Stimuli uint8 (n, 1, 1, d) of observations (n, d): 0 the smallest value, 255 the largest."""
        return np.rint(255 * self.shares(observations)).astype(np.uint8)[:, None, None]

    def make(self) -> gymnasium.Env[Any, Any]:
        """Make an environment with a state of its own."""
        return _make(self.name)


@functools.cache
def environment(name: str) -> Environment:
    """Look up an environment by its name.

    ValueError, one sentence, where Gymnasium is not installed, has none of this name, or the numbers have no bounds.
    """
    instance = _make(name)
    spaces = {"observations": instance.observation_space, "actions": instance.action_space}
    bounds = {what: _bounds(name, what, space) for what, space in spaces.items()}
    instance.close()
    low, high = bounds["actions"]
    if low != tuple(-value for value in high):
        raise ValueError(
            f"{name} takes actions from {low} to {high}, but an actor's are bounded alike on both sides; choose another "
            "environment, such as Pendulum-v1"
        )
    return Environment(name, *bounds["observations"], limit=high)


def environment_problems(field: str, name: str) -> list[str]:
    """Say in a sentence, about ``field``, what keeps an environment from being used."""
    return caught(field, lambda: environment(name))


def _make(name: str) -> gymnasium.Env[Any, Any]:
    try:
        # an optional extra, and half a second
        import gymnasium  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ValueError(
            f"the environment {name} needs Gymnasium, which is not installed; pip install 'spikeatlas[actor]'"
        ) from None
    try:
        return gymnasium.make(name, disable_env_checker=True)
    except Exception as error:  # noqa: BLE001 - makers are other libraries' code: what is not installed raises anything
        raise ValueError(
            f"Gymnasium makes no environment {name!r} here ({reason_of(error)}); choose one it has, such as Pendulum-v1"
        ) from None


def _bounds(name: str, what: str, space: object) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the ends (d,) of a space of numbers in a row."""
    low, high = getattr(space, "low", None), getattr(space, "high", None)
    if low is None or high is None or low.ndim != 1:
        raise ValueError(
            f"the {what} of {name} are {space}, no row of numbers; choose another environment, such as Pendulum-v1"
        )
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ValueError(
            f"the {what} of {name} have no bounds, which a grid of stimuli needs; choose another environment, such as "
            "Pendulum-v1"
        )
    return tuple(map(float, low)), tuple(map(float, high))
