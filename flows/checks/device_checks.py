"""Checks that the devices which a study asks for are here."""

from __future__ import annotations

from spikeatlas.snn.device import device_problem
from spikeatlas.snn.networks import Architecture
from spikeatlas.tasks.study.setup import Setup


def device_problems(setup: Setup) -> list[str]:
    """Name each device that is asked for and not here; nothing is trained where the network comes as it is."""
    trains = setup.network.trained_here and isinstance(setup.network, Architecture)
    fields = {"responder.device": setup.responder.device}
    fields |= {"training.device": setup.training.device} if trains else {}
    problems = [device_problem(field, device) for field, device in fields.items()]
    return [problem for problem in problems if problem is not None]
