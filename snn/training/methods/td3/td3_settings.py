"""The numbers of TD3."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.networks import Width
from spikeatlas.snn.registry import SPEC

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Deviation = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=SPEC)
class Td3Settings:
    """The numbers of TD3."""

    gamma: Share = 0.99
    """Weight of a reward one step later, 0 to 1."""
    polyak: Share = 0.995
    """Share of the slow copies of actor and critics that stays at a change, 0 to 1."""
    actor_lr: Rate = 1e-4
    """Adam's learning rate for the actor (> 0)."""
    critic_lr: Rate = 1e-3
    """Adam's learning rate for the critics (> 0)."""
    batch_size: Count = 100
    """Remembered steps of a change (>= 1)."""
    critic_hidden: tuple[Width, ...] = (256, 256)
    """Units of the critics' hidden layers (each >= 1)."""
    start_steps: Annotated[int, Field(ge=0)] = 10_000
    """First steps, whose actions are drawn evenly from all (>= 0)."""
    update_after: Annotated[int, Field(ge=1)] = 1000
    """Steps before the first change (>= 1)."""
    update_every: Count = 50
    """Steps between two bursts of as many changes (>= 1)."""
    noise: Deviation = 0.1
    """Standard deviation of what is added to the actor's actions while it learns, in shares of their limit (>= 0)."""
    target_noise: Deviation = 0.2
    """Standard deviation of what is added to actions whose worth critics learn from, in shares of their limit (>= 0)."""
    target_clip: Deviation = 0.5
    """Largest magnitude of that (>= 0)."""
    policy_delay: Count = 2
    """Changes of the critics for each of the actor's (>= 1)."""
