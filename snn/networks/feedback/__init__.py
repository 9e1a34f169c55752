"""Feedback spiking networks, whose rates settle to an equilibrium."""

from __future__ import annotations

from spikeatlas.snn.networks.feedback.backward_spikes import (
    BackwardActivity,
    SpikingAdjoint,
    backward_trains,
)
from spikeatlas.snn.networks.feedback.feedback_network import FeedbackNetwork
from spikeatlas.snn.networks.feedback.feedback_spec import FeedbackArchitecture
from spikeatlas.snn.networks.feedback.implicit_gradient import (
    Adjoint,
    exact_adjoint,
    solved_adjoint,
    with_gradient,
)

__all__ = [
    "Adjoint",
    "BackwardActivity",
    "FeedbackArchitecture",
    "FeedbackNetwork",
    "SpikingAdjoint",
    "backward_trains",
    "exact_adjoint",
    "solved_adjoint",
    "with_gradient",
]
