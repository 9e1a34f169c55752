"""Graphcore's IPU, by PopTorch. Done, and never run on an IPU: the tests have a module of ours in PopTorch's place."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, ClassVar, Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.neurons import FastSigmoid, SurrogateSpec
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.backends.base import Precision, Run, TrainingBackend
from spikeatlas.snn.training.backends.neuron_loops import layered
from spikeatlas.snn.training.methods import Assignment, Backprop, Teacher, TrainingMethod

MODULE = "poptorch"
"""Name of PopTorch's package, which imports where Graphcore's Poplar SDK is installed."""


@dataclass(frozen=True, config=SPEC)
class IpuBackend(TrainingBackend):
    """PopTorch's training call, which computes loss, gradients and Adam's step on an IPU (Sun et al. 2022).

    Images go over in half precision and are computed with in float32; the loss is marked as the one to descend;
    every batch has one size, an epoch's last one repeats images of its own to fill it. The weights come back before
    a checkpoint. Never run on an IPU.
    """

    kind: Literal["ipu"] = "ipu"
    methods: ClassVar[tuple[type[TrainingMethod], ...]] = (Backprop,)

    def problems(self) -> list[str]:
        """See ``TrainingBackend``."""
        remedy = "choose fused, compiled or eager, or run the study where there is one"
        if importlib.util.find_spec(MODULE) is None:
            what = "an IPU and PopTorch, of Graphcore's Poplar SDK, which is not on PyPI"
            return [f"ipu needs {what}; PopTorch is not installed here; {remedy}"]
        if not importlib.import_module(MODULE).ipuHardwareIsAvailable():
            return [f"ipu needs an IPU, and PopTorch finds none on this machine; {remedy}"]
        return []

    def surrogate(self, surrogate: SurrogateSpec) -> SurrogateSpec:
        """See ``TrainingBackend``: PopTorch takes no gradient that is written in Python."""
        return Traceable(inner=surrogate)

    def run(self, network: TrainableNetwork, precision: Precision) -> Run:
        """See ``TrainingBackend``."""
        del precision
        return layered(network, traceable=True)

    def begin(self, method: TrainingMethod, assignment: Assignment, batch_size: int) -> IpuTeacher:
        """See ``TrainingBackend``."""
        del method
        return IpuTeacher(assignment, batch_size)


@dataclass(frozen=True, config=SPEC)
class Traceable(SurrogateSpec):
    """Another surrogate in ordinary operations: step(x) + h(x) (x - x'), where only the last x has a gradient."""

    kind: Literal["traceable"] = "traceable"
    inner: SurrogateSpec = FastSigmoid()

    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        """See ``SurrogateSpec``."""
        return self.inner.gradient(gradients, excess)

    def fire(self, excess: Tensor, *, closed: bool = False) -> Tensor:
        """See ``SurrogateSpec``."""
        with torch.no_grad():
            spikes = (excess >= 0 if closed else excess > 0).to(excess.dtype)
            slope = self.inner.gradient(torch.ones_like(excess), excess)
            constant = excess.clone()
        return spikes + slope * (excess - constant)


class IpuTeacher(Teacher):
    """Adam and its schedule at work on an IPU, with the rates of ``Backprop``."""

    def __init__(self, assignment: Assignment, batch_size: int) -> None:
        """``batch_size``: images of every batch."""
        poptorch: Any = importlib.import_module(MODULE)
        self._batch_size = batch_size
        parameters = assignment.network.parameters()
        self._optimizer = poptorch.optim.Adam(parameters, lr=assignment.lr)
        self._scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(
            self._optimizer, assignment.steps
        )
        self._model = poptorch.trainingModel(
            _Loss(assignment, poptorch.identity_loss),
            options=poptorch.Options(),
            optimizer=self._optimizer,
        )

    def step(self, inputs: Tensor, labels: Tensor) -> float:
        """See ``Teacher``; a loss that is not finite has changed the network on the IPU, not here."""
        rows = torch.arange(self._batch_size) % len(labels)
        loss = self._model(inputs[:, rows].half(), labels[rows])
        self._scheduler.step()
        self._model.setOptimizer(self._optimizer)
        return float(loss)

    def settle(self) -> None:
        """See ``Teacher``."""
        if self._model.isAttachedToDevice():
            self._model.copyWeightsToHost()

    def state_dict(self) -> dict[str, Any]:
        """Return the optimiser's moments and the schedule's place."""
        return {
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave; the network's tensors go over with the first step."""
        self._optimizer.load_state_dict(state["optimizer"])
        self._scheduler.load_state_dict(state["scheduler"])
        self._model.setOptimizer(self._optimizer)


class _Loss(nn.Module):
    """A network and its loss in one module, as PopTorch compiles it."""

    def __init__(self, assignment: Assignment, mark: Any) -> None:
        super().__init__()
        self.network = assignment.network
        self._run, self._loss, self._mark = assignment.run, assignment.loss, mark

    def forward(self, inputs: Tensor, labels: Tensor) -> Any:
        """Loss (), marked, of encoded images in half precision and labels."""
        loss = self._loss(self._run(inputs.float()), labels)
        return self._mark(loss, reduction="none")
