"""Checks of a study of an actor: all its sections mean the same environment, and none asks for classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.snn.data import Observations
from spikeatlas.snn.environments import environment
from spikeatlas.snn.training import Td3
from spikeatlas.tasks.study.study import Study


def environment_problems(inputs: StudyInputs) -> list[str]:
    """Name sections that do not go with observations; what keeps these from being made is said elsewhere."""
    study = inputs.study
    if not isinstance(study.data, Observations) or inputs.data is None:
        return []
    return [
        *_other_environment(study, study.data),
        *_other_bounds(study, study.data),
        *_classes(study),
    ]


def _other_environment(study: Study, data: Observations) -> list[str]:
    method = study.training.method
    if not isinstance(method, Td3) or method.environment == data.environment:
        return []
    message = f"training.method.environment: {method.environment} is not data.environment, {data.environment}; name the same one"
    return [message]


def _other_bounds(study: Study, data: Observations) -> list[str]:
    """Name a generator whose numbers mean something else than the data's."""
    world, bounds = environment(data.environment), study.generator.bounds
    low, high = _as_environments(world.low), _as_environments(world.high)
    if bounds is None or tuple(map(_as_environments, bounds)) == (low, high):
        return []
    message = (
        f"generator.low, high: {list(bounds[0])} and {list(bounds[1])} are not the bounds of {world.name}; write low: "
        f"{low} and high: {high}"
    )
    return [message]


def _as_environments(numbers: Sequence[float]) -> list[float]:
    """Return numbers as environments have them, in float32, each by the fewest decimals that mean the same there."""
    # too large a number is infinite there, and then is not the bound
    with np.errstate(over="ignore"):
        return [float(str(np.float32(number))) for number in numbers]


def _classes(study: Study) -> list[str]:
    if study.classifier is None:
        return []
    return ["classifier: observations have no classes that it could learn; leave the section out"]
