"""Environments: what an agent observes, and what its actions do (Gymnasium's, an optional extra)."""

from __future__ import annotations

from spikeatlas.snn.environments.environment import (
    Environment,
    EnvironmentName,
    environment,
    environment_problems,
)
from spikeatlas.snn.environments.episode import Episode, Transition

__all__ = [
    "Environment",
    "EnvironmentName",
    "Episode",
    "Transition",
    "environment",
    "environment_problems",
]
