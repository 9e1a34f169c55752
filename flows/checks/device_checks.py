"""Checks that the devices and the back end which a study asks for are here."""

from __future__ import annotations

from spikeatlas.snn.device import device_problem
from spikeatlas.snn.networks import Architecture
from spikeatlas.tasks.study.setup import Setup


def device_problems(setup: Setup, gaps: frozenset[str] = frozenset()) -> list[str]:
    """Name each device that is asked for and not here, and what the back end of training lacks.

    Nothing is trained where the network comes as it is. ``gaps``: sections that do not parse.
    """
    fields = {"responder.device": setup.responder.device}
    problems = []
    is_sound = gaps.isdisjoint(("network", "training"))
    if is_sound and setup.network.trained_here and isinstance(setup.network, Architecture):
        fields |= {"training.device": setup.training.device}
        problems = setup.training.backend_problems(setup.network)
    lacking = [device_problem(field, device) for field, device in fields.items()]
    return [*(problem for problem in lacking if problem is not None), *problems]
