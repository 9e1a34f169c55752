"""Any torch module as a subject: made by the user's factory, with checkpoints of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

from spikeatlas.snn.coding import CODINGS, Coding
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.frozen_table import FrozenTable
from spikeatlas.snn.modules import ClassMode, InputKind, checkpoint_paths, pattern_problem
from spikeatlas.snn.networks import TimeSteps
from spikeatlas.snn.own_code import FunctionPath
from spikeatlas.snn.registry import SPEC, UserPath, UserPattern
from spikeatlas.snn.sentences import near
from spikeatlas.snn.subjects.base import SubjectSpec
from spikeatlas.snn.subjects.module_source import ModuleSource

Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Options = Annotated[dict[str, Any], AfterValidator(FrozenTable)]
FilesByEpoch = Annotated[dict[Finite, UserPath], Field(min_length=1), AfterValidator(FrozenTable)]
PathsByName = Annotated[dict[str, str], Field(min_length=1), AfterValidator(FrozenTable)]


@dataclass(frozen=True, config=SPEC)
class MeanStd:
    """Mean and std that pixels/255 are normalised with."""

    mean: Annotated[tuple[Finite, ...], Field(min_length=1)]
    """Of each channel, or one for all."""
    std: Annotated[tuple[Positive, ...], Field(min_length=1)]
    """Of each channel, or one for all (> 0)."""


@dataclass(frozen=True, config=SPEC)
class NaturalMaximum:
    """The unit of layers that do not spike: 1 is what one natural image in a hundred reaches."""

    quantile: Annotated[float, Field(gt=0, le=1)] = 0.99
    """Share of training images whose mean activity is below 1 (0 to 1)."""
    images: Annotated[int, Field(ge=1)] = 10_000
    """Training images that it is measured with, at most (>= 1)."""


def _tag(value: object) -> str:
    return "name" if isinstance(value, str) else "numbers"


Normalise = Annotated[
    # one of the two is meant, and only its mistakes are told
    Annotated[MeanStd, Tag("numbers")] | Annotated[Literal["data", "none"], Tag("name")],
    Discriminator(_tag),
]
"""``network.normalise`` of a study."""
REFERENCE = NaturalMaximum()
_NORMALISE = (
    "network.normalise is missing: write what the network was trained with, {mean: [...], std: [...]}, or data (mean and "
    "std of the training images), or none (pixels from 0 to 1); a wrong one costs accuracy and nobody notices."
)


MODULE_CODINGS: tuple[Coding, ...] = ("current", "poisson")
"""Codings that a network which is not ours can be shown."""


def require_rates(coding: Coding, normalise: Normalise) -> None:
    """Raise ValueError for a coding that such a network is not shown, and for normalised pixels where rates are coded."""
    if coding not in MODULE_CODINGS:
        raise ValueError(
            f"network.coding is {coding}, which only networks that are trained here take: allowed are "
            f"{' and '.join(MODULE_CODINGS)}."
        )
    if CODINGS[coding].of_pixels and normalise != "none":
        raise ValueError(
            f"network.normalise must be none with coding {coding}: spikes are 0 and 1 at the pixels' rates."
        )


def require_normalise(values: Any) -> Any:
    """Return the fields of a network as they are; ValueError, one sentence, where ``normalise`` is not among them."""
    fields = values.kwargs if isinstance(values, ArgsKwargs) else values
    if not isinstance(fields, dict):
        return values
    if not isinstance(fields.get("normalise", ""), str | Mapping | MeanStd):
        wrong = fields["normalise"]
        raise ValueError(  # noqa: TRY004 - a mistake of the study
            _NORMALISE.replace("is missing", "is empty" if wrong is None else f"is {wrong!r}")
        )
    if "normalise" not in fields:
        misspelt = [
            name for name in fields if name not in ("kind", "n") and near("normalise", [name])
        ]
        hint = f" (you wrote {misspelt[0]})" if misspelt else ""
        raise ValueError(_NORMALISE.replace(" is missing", f" is missing{hint}"))
    return values


@dataclass(frozen=True, config=SPEC, kw_only=True)
class ModuleSpec(SubjectSpec):
    """A torch module of the user's own, spiking or not, as it is."""

    kind: Literal["module"] = "module"
    factory: FunctionPath
    """Import path ``module:function``; called on the CPU with ``options``, it returns the torch.nn.Module."""
    options: Options = Field(default_factory=FrozenTable)
    """Arguments of the factory, by name."""
    checkpoints: FilesByEpoch | UserPattern | None = None
    """Files with ``{epoch}`` for the number and ``*`` for any text, or a file for each epoch; none: the module as made."""
    first_epoch: Finite = 0
    """Added to the numbers of the files: 1 where 0 is the state after the first epoch (Lightning, SpikingJelly)."""
    time_steps: TimeSteps | None = None
    """Time steps of an image (>= 1); read off a trial where the module loops itself."""
    input: InputKind = "auto"
    """Called once with an image, once a step, or once with frames (T, n, ...) or batch_frames (n, T, ...)."""
    coding: Coding = "current"
    """An image is a constant input, or Poisson spike trains at its pixels' rates (not with input image)."""
    normalise: Normalise
    """What pixels (0 to 1) are normalised with: mean and std of the training, those of ``data``, or none."""
    layers: PathsByName | tuple[str, ...] | Literal["auto"] = "auto"
    """Spiking neurons (else activations) that are found, or paths of modules, ``path#2`` for the second call in a step."""
    readout: str = "auto"
    """Scores: what the module returns, output[1] of several, output[key] of a dict, a layer by name, or none."""
    reference: NaturalMaximum = REFERENCE
    """Unit of layers that do not spike."""
    classes: ClassMode | None = None
    """Adds a layer ``classes``, a neuron for each score of the read-out: its probability, or the score itself (logit)."""

    @model_validator(mode="before")
    @classmethod
    def _require(cls, values: Any) -> Any:
        return require_normalise(values)

    @model_validator(mode="after")
    def _check(self) -> ModuleSpec:
        require_rates(self.coding, self.normalise)
        problem = pattern_problem(self.checkpoints) if isinstance(self.checkpoints, str) else None
        if problem is not None:
            raise ValueError(problem)
        changing = not CODINGS[self.coding].constant
        if changing and self.input not in {"steps", "frames", "batch_frames"}:
            raise ValueError(
                f"network.input is {self.input}, but coding {self.coding} needs another image at each step: steps, frames or "
                "batch_frames."
            )
        return self

    @property
    def paths(self) -> dict[str, Path]:
        """Folder of the checkpoints, or each file."""
        return checkpoint_paths(self.checkpoints)

    def source(self, data: DataSet, folder: Path) -> ModuleSource:
        """See ``SubjectSpec``."""
        del folder
        return ModuleSource(self, data)
