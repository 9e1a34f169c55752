"""Implicit differentiation on the equilibrium of a feedback network, by spikes backward or exactly."""

from __future__ import annotations

import dataclasses
import functools
import logging
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.networks import Architecture, FeedbackArchitecture, FeedbackNetwork
from spikeatlas.snn.networks.feedback import BackwardActivity, SpikingAdjoint, exact_adjoint
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.methods.backprop import Backprop, BackpropTeacher
from spikeatlas.snn.training.methods.base import TrainingMethod
from spikeatlas.snn.training.methods.teacher import Assignment

SATURATED = 0.05
"""Share of saturated units above which the gradient is too far from what it stands for."""
_STEPS, _LOSS_SCALE = 100, 100.0

log = logging.getLogger("spikeatlas")


@dataclass(frozen=True, config=SPEC)
class Spide(TrainingMethod):
    """Spike-based implicit differentiation on the equilibrium state (Xiao et al. 2023, arXiv 2302.00232).

    The network settles to rates; their gradient is an equilibrium of the same network run backwards, with spikes of both
    signs. Gradient descent with momentum follows it, its rate falling from ``training.lr`` to zero along a half cosine;
    feedback weights stay within ``network.feedback_norm``.
    """

    kind: Literal["spide"] = "spide"
    """``spide``: for a network of kind feedback."""
    mode: Literal["spikes", "exact"] = "spikes"
    """``spikes``: backward by spikes; ``exact``: up to rounding (IDE, Xiao et al. 2021, arXiv 2109.14247)."""
    steps: Annotated[int, Field(ge=1)] = _STEPS
    """Time steps backward (>= 1), of mode spikes."""
    loss_scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = _LOSS_SCALE
    """Factor of the loss while gradients are computed (> 0), of mode spikes: too small a gradient is rounded away, one
    beyond 1 is cut off. The authors' are 100 for MNIST, 400 for CIFAR-10."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Of the descent, 0 to below 1."""
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5e-4
    """Share of every parameter that is added to its gradient (>= 0)."""
    unused: ClassVar[tuple[str, ...]] = ("backend", "precision", "surrogate")

    def problems(self, network: Architecture) -> list[str]:
        """See ``TrainingMethod``."""
        if not isinstance(network, FeedbackArchitecture):
            problem = (
                "training.method: spide follows the equilibrium of a network with feedback, which this one does not have; "
                "choose network.kind: feedback, or training.method: backprop"
            )
            return [problem]
        plain = Spide()
        return [
            f"training.method.{name}: mode exact computes without spikes and does not read it; leave it out"
            for name in ("steps", "loss_scale")
            if self.mode == "exact" and getattr(self, name) != getattr(plain, name)
        ]

    def begin(self, assignment: Assignment) -> SpideTeacher:
        """See ``TrainingMethod``."""
        return SpideTeacher(assignment, self)


class SpideTeacher(BackpropTeacher):
    """Gradient descent along the slopes at the equilibrium."""

    def __init__(self, assignment: Assignment, method: Spide) -> None:
        network = assignment.network
        assert isinstance(network, FeedbackNetwork)
        by_spikes = method.mode == "spikes"
        self.adjoint = SpikingAdjoint(method.steps) if by_spikes else None
        """The spikes backward; None in mode exact."""
        run = functools.partial(network.settle, adjoint=self.adjoint or exact_adjoint)
        descent = Backprop(
            optimizer="sgd", momentum=method.momentum, weight_decay=method.weight_decay
        )
        super().__init__(dataclasses.replace(assignment, run=run), descent)
        self._network = network
        self._scale = method.loss_scale if by_spikes else 1.0

    def step(self, inputs: Tensor, labels: Tensor) -> float:
        """See ``Teacher``."""
        loss = super().step(inputs, labels)
        self._network.restrict()
        return loss

    def differentiate(self, loss: Tensor) -> None:
        """See ``BackpropTeacher``: of the scaled loss, whose scale is then divided out."""
        (self._scale * loss).backward()
        for parameter in self._network.parameters():
            if parameter.grad is not None:
                parameter.grad /= self._scale

    def settle(self) -> None:
        """See ``Teacher``; warn where too many units saturated since it was last called."""
        if self.adjoint is None:
            return
        share = self.adjoint.activity.saturation
        self.adjoint.activity = BackwardActivity(steps=self.adjoint.steps)
        if share > SATURATED:
            log.warning(
                f"training.method: {share:.0%} of the units spike at every step backward, so that their gradient is cut "
                f"off; lower loss_scale, which is {self._scale:g}"
            )
