"""Twin delayed deep deterministic policy gradient (TD3), for actors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.environments import EnvironmentName, environment, environment_problems
from spikeatlas.snn.networks import ActorArchitecture, Architecture
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.methods.axis import TrainingAxis
from spikeatlas.snn.training.methods.base import TrainingMethod
from spikeatlas.snn.training.methods.lesson import Lesson
from spikeatlas.snn.training.methods.network_learner import NetworkLearner
from spikeatlas.snn.training.methods.td3.td3_learner import Td3Learner
from spikeatlas.snn.training.methods.td3.td3_settings import Td3Settings

MOST_CHECKPOINTS = 1_000
"""Each has its place in the atlas, is tested in ten episodes, and is saved with all steps so far."""


@dataclass(frozen=True, config=SPEC)
class Td3(Td3Settings, TrainingMethod):
    """An actor learns by acting: two critics guess what actions are worth (Fujimoto et al. 2018, arXiv 1802.09477).

    ``training.epochs`` counts steps in the environment. Defaults are ILC-SAN's, which meant a million of them; its
    replay holds every step, and observations lie between the environment's bounds where it took running means.
    """

    kind: Literal["td3"] = "td3"
    """``td3``: reinforcement learning with two critics, a delayed actor and smoothed targets."""
    environment: EnvironmentName = "Pendulum-v1"
    """Name of a Gymnasium environment (extra ``actor``), the one that ``data.environment`` names too."""
    every: Annotated[int, Field(ge=1)] = 1000
    """Environment steps between two checkpoints (>= 1)."""
    axis: ClassVar[TrainingAxis] = TrainingAxis(
        "step", "environment steps", "step", "steps taken in the environment; 0: untrained"
    )
    most_epochs: ClassVar[int] = 10_000_000
    unused: ClassVar[tuple[str, ...]] = (
        *("batch_size", "lr", "labels", "objectives"),
        *("backend", "precision", "device"),
    )

    def problems(self, network: Architecture) -> list[str]:
        """See ``TrainingMethod``."""
        if not isinstance(network, ActorArchitecture):
            return ["training.method: td3 trains actors alone; set network.kind to actor"]
        field = "training.method.environment"
        problems = environment_problems(field, self.environment)
        if problems:
            return problems
        actions = len(environment(self.environment).limit)
        if actions == network.actions:
            return []
        return [
            f"network.actions: {network.actions} is not the number of actions in {self.environment}; set it to {actions}"
        ]

    def places(self, network: Architecture, epochs: int) -> tuple[float, ...]:
        """See ``TrainingMethod``: 0, every so many steps, and the end."""
        del network
        return (*(float(step) for step in range(0, epochs, self.every)), float(epochs))

    def place_problems(
        self, network: Architecture, epochs: int, places: Sequence[float]
    ) -> list[str]:
        """See ``TrainingMethod``: it can stop after any step, but not within one."""
        parts = ", ".join(f"{place:g}" for place in places if place % 1)
        if not parts:
            return super().place_problems(network, epochs, places)
        return [
            f"{parts} has no checkpoint, for {self.kind} counts whole environment steps; choose whole numbers, 0 to {epochs}"
        ]

    def length_problem(self, epochs: int) -> str | None:
        """See ``TrainingMethod``: also where that makes too many checkpoints."""
        if epochs <= min(self.most_epochs, self.every * MOST_CHECKPOINTS):
            return None
        least = -(-epochs // MOST_CHECKPOINTS)
        return super().length_problem(epochs) or (
            f"training.method.every: a checkpoint every {self.every} of {epochs} steps makes more than {MOST_CHECKPOINTS}; "
            f"set it to {least} or more"
        )

    def lesson_problems(self, lesson: Lesson) -> list[str]:
        """See ``TrainingMethod``: a training that ends before the first change."""
        steps = lesson.spec.epochs
        if steps >= self.update_after:
            return []
        problem = (
            f"training.epochs: {steps} environment steps end before the actor's first change, for "
            f"training.method.update_after is {self.update_after}; train longer, or set that lower"
        )
        return [problem]

    def learner(self, lesson: Lesson) -> NetworkLearner:
        """See ``TrainingMethod``."""
        return Td3Learner(lesson, self, environment(self.environment))
