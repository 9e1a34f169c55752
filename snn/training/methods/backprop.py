"""Backpropagation through time with surrogate gradients."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.methods.base import Assignment, Teacher, TrainingMethod


@dataclass(frozen=True, config=SPEC)
class Backprop(TrainingMethod):
    """Backpropagation through time, spikes with a surrogate gradient (Neftci et al. 2019, arXiv 1901.09948).

    Adam follows the gradient, its rate falling from ``training.lr`` to zero along a half cosine.
    """

    kind: Literal["backprop"] = "backprop"
    """``backprop``: surrogate gradients through all layers and time steps."""

    def begin(self, assignment: Assignment) -> BackpropTeacher:
        """Make ready to train."""
        return BackpropTeacher(assignment)


class BackpropTeacher(Teacher):
    """Adam and its schedule at work on one network."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._optimizer = torch.optim.Adam(assignment.network.parameters(), lr=assignment.lr)
        self._scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self._optimizer, assignment.steps
        )

    def step(self, inputs: Tensor, labels: Tensor) -> float:
        """Follow the gradient of one batch's loss."""
        loss = self._assignment.loss(self._assignment.run(inputs), labels)
        value = float(loss.detach())
        if math.isfinite(value):
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            self._scheduler.step()
        return value

    def state_dict(self) -> dict[str, Any]:
        """Return the optimiser's moments and the schedule's place."""
        return {
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave."""
        self._optimizer.load_state_dict(state["optimizer"])
        self._scheduler.load_state_dict(state["scheduler"])
