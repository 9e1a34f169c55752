"""The contract of back ends: ways to compute one and the same training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.device import Device
from spikeatlas.snn.networks import Architecture, TrainableNetwork
from spikeatlas.snn.neurons import NeuronSpec, SurrogateSpec
from spikeatlas.snn.registry import SPEC, Contract
from spikeatlas.snn.training.methods import Assignment, Teacher, TrainingMethod

Precision = Literal["float32", "bfloat16"]
"""``training.precision`` of a study."""
Run = Callable[[Tensor], Tensor]
"""Output spikes (T, n, classes) of encoded images (T or 1, n, c, h, w), with gradients."""


@dataclass(frozen=True, config=SPEC)
class TrainingBackend(Contract, ABC):
    """A way to compute a training, as a study names it; a member adds its fields."""

    kind: str
    precisions: ClassVar[tuple[Precision, ...]] = ("float32",)
    """Those it computes in."""
    devices: ClassVar[tuple[Device, ...]] = ("cpu",)
    """Those it computes on."""
    methods: ClassVar[tuple[type[TrainingMethod], ...]] = (TrainingMethod,)
    """Those it computes."""
    stepping: ClassVar[bool] = True
    """True if neurons go step after step, with the gradients of their steps."""

    resizable: ClassVar[bool] = False
    """True if the network may become smaller while it is trained."""
    unrolled: ClassVar[bool] = False
    """True if all layers go step after step together."""

    def problems(self) -> list[str]:
        """Say in sentences what this machine lacks."""
        return []

    def surrogate(self, surrogate: SurrogateSpec) -> SurrogateSpec:
        """Return a gradient of spikes in the form that this back end takes."""
        return surrogate

    @abstractmethod
    def run(self, network: TrainableNetwork, precision: Precision) -> Run:
        """Return the network's evaluation, as training has it."""

    def begin(self, method: TrainingMethod, assignment: Assignment, batch_size: int) -> Teacher:
        """Make ready to train, by what ``run`` returned; ``batch_size``: images a step, fewer in an epoch's last."""
        del batch_size
        return method.begin(assignment)


def in_precision(run: Run, precision: Precision) -> Run:
    """Return a run whose operators hand on numbers of a precision, so that currents and membranes have it too.

    Weights, their gradients and the outputs stay float32.
    """
    if precision == "float32":
        return run

    def rounded(inputs: Tensor) -> Tensor:
        with torch.autocast(inputs.device.type, torch.bfloat16):
            outputs = run(inputs)
        return outputs.float()

    return rounded


def backend_problems(
    backend: TrainingBackend,
    network: Architecture,
    *,
    method: TrainingMethod,
    device: Device,
    precision: Precision,
) -> list[str]:
    """Say in sentences what keeps a back end from computing a training here."""
    problems = [f"training.backend: {problem}" for problem in backend.problems()]
    allowed = {"device": (device, backend.devices), "precision": (precision, backend.precisions)}
    problems += [
        f"training.{field}: back end {backend.kind} does not take {value}, but {' or '.join(values)}; choose one "
        "of these, or another training.backend"
        for field, (value, values) in allowed.items()
        if value not in values
    ]
    name = f"training.backend: {backend.kind}"
    if not isinstance(method, backend.methods):
        problems.append(f"{name} computes no training by {method.kind}; choose fused or eager")
    neuron = getattr(network, "neuron", None)
    if backend.stepping and isinstance(neuron, NeuronSpec) and neuron.whole_gradient:
        problems.append(
            f"{name} steps neurons, and those of kind {neuron.kind} have a gradient over the whole sequence alone; "
            "choose fused"
        )
    return problems + (network.stepwise_problems() if backend.unrolled else [])
