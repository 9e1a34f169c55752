"""The section of a study about training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

from spikeatlas.snn.device import Device
from spikeatlas.snn.networks import Architecture
from spikeatlas.snn.neurons import FastSigmoid, SurrogateSpec
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.backends import (
    BACKENDS,
    FusedBackend,
    Precision,
    TrainingBackend,
    backend_problems,
)
from spikeatlas.snn.training.callbacks import ActingCallback, TrainingCallback
from spikeatlas.snn.training.methods import Backprop, TrainingMethod
from spikeatlas.snn.training.objectives import CrossEntropy, TrainingObjective

_LOOPS = {"layers": "fused", "steps": "eager"}
"""Backends by what stored studies call them: ``loop``."""
_STORED = {backend: loop for loop, backend in _LOOPS.items()}


@dataclass(frozen=True, config=SPEC)
class TrainingSpec:
    """Training of the network."""

    epochs: Annotated[int, Field(ge=0)] = 5
    """Passes through the training images (0: only the untrained network is kept); at most 100,000, or 10,000,000 steps of
    ``td3``."""
    batch_size: Annotated[int, Field(ge=1)] = 16
    """Images a training step (>= 1)."""
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2e-3
    """Learning rate at the start (> 0)."""
    labels: Literal["true", "shuffled"] = "true"
    """``shuffled``: a control; every training image keeps one label, drawn from all by the seed, that says
    nothing about it. Accuracy is measured with the true ones."""
    backend: TrainingBackend = FusedBackend()
    """Computation of the training: fused, layer after layer, each over all time steps at once; eager, snnTorch's own
    loop over the steps, several times slower; compiled, layer after layer by torch.compile; ipu."""
    precision: Precision = "float32"
    """``bfloat16``: of currents and membranes, by a back end that has it; weights stay float32, and what is trained is
    read in float32."""
    method: TrainingMethod = Backprop()
    """How the network is changed by a batch: a training method by name, or one of your own."""
    objectives: Annotated[tuple[TrainingObjective, ...], Field(min_length=1)] = (CrossEntropy(),)
    """Terms of the loss, which are added up."""
    callbacks: tuple[TrainingCallback, ...] = ()
    """Callbacks, which look on after every epoch, or act on the network after every step: demp, prune, or your own."""
    device: Device = "cpu"
    """``cpu``, or ``cuda``: neuron by neuron over time instead of in a compiled pass, with other rounding."""
    surrogate: SurrogateSpec = FastSigmoid()
    """Gradient that stands for the spike's; fast-sigmoid: 1 / (1 + 2 |m - threshold|)^2."""

    def problems(self, network: Architecture) -> list[str]:
        """Say in sentences what keeps method and objectives from teaching a network."""
        kind, methods = self.method.kind, network.methods
        if methods and kind not in methods:
            allowed = " or ".join(methods)
            return [f"training.method: {kind} cannot train such a network; choose {allowed}"]
        terms = (objective.problems(network) for objective in self.objectives)
        return [
            *self._unread(),
            *self.method.problems(network),
            *chain.from_iterable(terms),
            *self._callback_problems(network),
        ]

    def _callback_problems(self, network: Architecture) -> list[str]:
        """Say in sentences what keeps callbacks from acting on the network."""
        acting = [callback for callback in self.callbacks if isinstance(callback, ActingCallback)]
        sentences = [
            f"training.callbacks: {callback.kind}: {problem}"
            for callback in acting
            for problem in callback.problems(network)
        ]
        for field, part in (("method", self.method), ("backend", self.backend)):
            if acting and not part.resizable:
                sentences.append(
                    f"training.{field}: with {part.kind}, no callback can act on the network while it is trained, as "
                    f"{acting[0].kind} does; choose another {field}, or leave the callback out"
                )
        return sentences

    def _unread(self) -> list[str]:
        """Name fields that say something, though the method does not read them."""
        plain = TrainingSpec()
        return [
            f"training.{name}: {self.method.kind} does not read it; leave it out"
            for name in self.method.unused
            if getattr(self, name) != getattr(plain, name)
        ]

    def places(self, network: Architecture) -> tuple[float, ...]:
        """Return where training leaves checkpoints of a network without being told, ascending, the end last."""
        return self.method.places(network, self.epochs)

    def place_problems(self, network: Architecture, places: Sequence[float]) -> list[str]:
        """Say in a sentence which of ``places`` have no checkpoint."""
        return self.method.place_problems(network, self.epochs, places)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, raw: Any) -> Any:
        """Take ``loop`` of a stored study for ``backend``."""
        fields = raw.kwargs if isinstance(raw, ArgsKwargs) else raw
        if not isinstance(fields, Mapping) or "loop" not in fields:
            return raw
        fields = dict(fields)
        loop = fields.pop("loop")
        backend = _LOOPS.get(loop, loop) if isinstance(loop, str) else loop
        fields = {"backend": backend, **fields}
        return ArgsKwargs(raw.args, fields) if isinstance(raw, ArgsKwargs) else fields

    @model_validator(mode="after")
    def _check(self) -> Self:
        problem = self.method.length_problem(self.epochs)
        if problem is not None:
            raise ValueError(problem)
        return self

    @model_serializer(mode="wrap")
    def _store(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write what an atlas and every digest have always held: what is as it always was goes unsaid."""
        fields: dict[str, Any] = handler(self)
        stored = {name: fields[name] for name in ("epochs", "batch_size", "lr", "labels")}
        stored["loop"] = self._stored_backend()
        plain = TrainingSpec()
        names = ("method", "objectives", "callbacks", "device", "surrogate", "precision")
        return stored | {
            name: fields[name] for name in names if getattr(self, name) != getattr(plain, name)
        }

    def _stored_backend(self) -> str | TrainingBackend:
        """Return the name of a back end, or itself where it may have fields."""
        kind = self.backend.kind
        return self.backend if kind not in BACKENDS.members else _STORED.get(kind, kind)

    def backend_problems(self, network: Architecture) -> list[str]:
        """Say in sentences what keeps the back end from computing this training of a network here."""
        return backend_problems(
            self.backend,
            network,
            method=self.method,
            device=self.device,
            precision=self.precision,
        )


def renamed_fields(training: object) -> list[str]:
    """Return a sentence for each field of a study file's ``training`` that has another name now."""
    if not isinstance(training, Mapping) or "loop" not in training:
        return []
    loop = training["loop"]
    backend = _LOOPS.get(loop, "fused") if isinstance(loop, str) else "fused"
    return [
        f"training.loop is now training.backend: write backend: {backend} instead of loop: {loop}"
    ]
