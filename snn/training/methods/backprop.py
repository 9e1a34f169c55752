"""Backpropagation through time with surrogate gradients."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.methods.base import TrainingMethod
from spikeatlas.snn.training.methods.teacher import Assignment, Teacher


@dataclass(frozen=True, config=SPEC)
class Backprop(TrainingMethod):
    """Backpropagation through time, spikes with a surrogate gradient (Neftci et al. 2019, arXiv 1901.09948).

    Adam or gradient descent follows the gradient, its rate falling from ``training.lr`` to zero along a half cosine.
    """

    resizable: ClassVar[bool] = True
    kind: Literal["backprop"] = "backprop"
    """``backprop``: surrogate gradients through all layers and time steps."""
    optimizer: Literal["adam", "sgd"] = "adam"
    """Rule of the steps: Adam (Kingma and Ba 2015), or gradient descent with momentum."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Of ``sgd``, 0 to below 1."""
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Share of every parameter that is added to its gradient (>= 0)."""

    def begin(self, assignment: Assignment) -> BackpropTeacher:
        """Make ready to train."""
        return BackpropTeacher(assignment, self)


class BackpropTeacher(Teacher):
    """An optimiser and its schedule at work on one network."""

    def __init__(self, assignment: Assignment, method: Backprop) -> None:
        self._assignment = assignment
        self._optimizer = _optimizer(assignment, method)
        self._scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self._optimizer, assignment.steps
        )

    def step(self, inputs: Tensor, labels: Tensor) -> float:
        """Follow the gradient of one batch's loss."""
        loss = self._assignment.loss(self._assignment.run(inputs), labels)
        value = float(loss.detach())
        if math.isfinite(value):
            self._optimizer.zero_grad()
            self.differentiate(loss)
            self._optimizer.step()
            self._scheduler.step()
        return value

    def differentiate(self, loss: Tensor) -> None:
        """Set the parameters' gradients."""
        loss.backward()

    def select(self, parameter: nn.Parameter, axis: int, entries: Tensor) -> None:
        """See ``Teacher``: the optimiser's moments."""
        moments = self._optimizer.state[parameter]
        for name, moment in moments.items():
            if isinstance(moment, Tensor) and moment.shape == parameter.shape:
                moments[name] = moment.index_select(axis, entries)

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


def _optimizer(assignment: Assignment, method: Backprop) -> torch.optim.Optimizer:
    parameters, lr = assignment.network.parameters(), assignment.lr
    if method.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=lr, weight_decay=method.weight_decay)
    return torch.optim.SGD(
        parameters, lr=lr, momentum=method.momentum, weight_decay=method.weight_decay
    )
