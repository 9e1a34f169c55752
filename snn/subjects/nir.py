"""A network in NIR files as a subject: a module of one step, captured and made fast as any user's module."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from torch import nn

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.frozen_table import FrozenTable
from spikeatlas.snn.graph.nir_file import DT, nir_module
from spikeatlas.snn.modules import ClassMode, checkpoint_files, checkpoint_folder, pattern_problem
from spikeatlas.snn.networks import TimeSteps
from spikeatlas.snn.registry import SPEC, UserPath
from spikeatlas.snn.sentences import near
from spikeatlas.snn.subjects.base import SubjectSpec
from spikeatlas.snn.subjects.module import ModuleSpec, Normalise, require_normalise, require_rates
from spikeatlas.snn.subjects.module_source import ModuleSource
from spikeatlas.snn.subjects.training_progress import Progress

_FACTORY = f"{nir_module.__module__}:{nir_module.__name__}"


@dataclass(frozen=True, config=SPEC, kw_only=True)
class NirSpec(SubjectSpec):
    """A spiking network in a NIR file, its neurons integrated by Euler's method in float32, all states from 0."""

    kind: Literal["nir"] = "nir"
    file: UserPath
    """NIR file; ``{epoch}`` in its name stands for a number, where there is one for each epoch."""
    first_epoch: Annotated[float, Field(allow_inf_nan=False)] = 0
    """Added to the numbers in the files' names."""
    dt: Annotated[float, Field(gt=0, allow_inf_nan=False)] = DT
    """Seconds of a time step (> 0); exporters of snnTorch and SpikingJelly take 0.0001."""
    time_steps: TimeSteps
    """Time steps of an image (>= 1): no file says how many."""
    coding: Coding = "current"
    """An image is a constant input, or Poisson spike trains at its pixels' rates."""
    normalise: Normalise
    """What pixels (0 to 1) are normalised with: mean and std of the training, those of ``data``, or none."""
    layers: Annotated[tuple[str, ...], Field(min_length=1)] | Literal["auto"] = "auto"
    """Nodes that are layers: all that spike, or some, by name."""
    readout: str = "auto"
    """Scores: what the output node gets, output[1] of several, a layer by name, or none."""
    classes: ClassMode | None = None
    """Adds a layer ``classes``, a neuron for each score of the read-out: its probability, or the score itself (logit)."""

    @model_validator(mode="before")
    @classmethod
    def _require(cls, values: Any) -> Any:
        return require_normalise(values)

    @model_validator(mode="after")
    def _check(self) -> Self:
        problem = pattern_problem(str(self.file)) if self.has_epochs else None
        if problem is not None:
            raise ValueError(problem)
        require_rates(self.coding, self.normalise)
        return self

    @property
    def has_epochs(self) -> bool:
        """True where there is a file for each epoch."""
        return "{epoch}" in str(self.file)

    @property
    def paths(self) -> dict[str, Path]:
        """The file, or the folder of the files."""
        return {"network.file": checkpoint_folder(str(self.file)) if self.has_epochs else self.file}

    def files(self) -> dict[float, Path]:
        """Return the file of each epoch there is now, ascending."""
        files = checkpoint_files(
            str(self.file) if self.has_epochs else {0.0: self.file}, self.first_epoch
        )
        return {epoch: path for epoch, path in files.items() if path is not None}

    def source(self, data: DataSet, folder: Path) -> NirSource:
        """See ``SubjectSpec``."""
        del folder
        return NirSource(self, data)


class NirSource(ModuleSource):
    """The networks of NIR files, one an epoch."""

    def __init__(self, spec: NirSpec, data: DataSet) -> None:
        self._files = spec
        self._shape = data.shape
        super().__init__(self._module_spec(), data)
        self.place, self.folder = str(spec.file), spec.file.parent
        self.facts = {"file": str(spec.file), "a time step": f"{spec.dt:g} s"}
        several = spec.has_epochs
        self.lacks = tuple(lack for lack in self.lacks if lack != "epochs" or not several)

    def _module_spec(self) -> ModuleSpec:
        """Return the specification of the module that is read from the first file."""
        spec = self._files
        files = spec.files()
        if not files:
            raise FileNotFoundError(f"network.file: no file fits {spec.file}.")
        spiking = nir_module(files[min(files)], spec.dt, self._shape).spiking
        return ModuleSpec(
            factory=_FACTORY,
            options=FrozenTable(dt=spec.dt),
            time_steps=spec.time_steps,
            input="steps",
            coding=spec.coding,
            normalise=spec.normalise,
            layers=FrozenTable(_chosen(spiking, spec.layers)),
            readout=spec.readout,
            classes=spec.classes,
        )

    def epochs(self) -> dict[float, Path | None]:
        """See ``Source``."""
        return dict(self._files.files())

    def progress(self, epoch: float) -> Progress:
        """See ``Source``: a NIR file does not say."""
        del epoch
        return Progress()

    def doubts(self, epoch: float, accuracy: float) -> list[str]:
        """See ``Source``: a NIR file says nothing that could be held against."""
        del epoch, accuracy
        return []

    def notes(self, epoch: float) -> list[str]:
        """Say nothing: no tensor is renamed."""
        del epoch
        return []

    def unreadable(self) -> dict[float, str]:
        """See ``Source``."""
        reasons = {}
        for epoch in self.epochs():
            try:
                self._module(epoch)
            except (ValueError, OSError) as error:
                reasons[epoch] = str(error)
        return reasons

    def _read_code(self) -> tuple[str, dict[str, str]]:
        # a file is all there is of a network: the code that reads it is ours
        return "", {}

    def _made(self) -> nn.Module:
        return self._module(min(self.epochs()))

    def _module(self, epoch: float) -> nn.Module:
        path = self._path(epoch)
        assert path is not None
        return nir_module(path, self._files.dt, self._shape)


def _chosen(spiking: dict[str, str], layers: tuple[str, ...] | str) -> dict[str, str]:
    """Return the modules of the nodes that are layers."""
    if layers == "auto":
        return spiking
    for name in layers:
        if name not in spiking:
            raise ValueError(
                f"network.layers names {name!r}, but the nodes that spike are {', '.join(spiking)}{near(name, spiking)}."
            )
    return {name: spiking[name] for name in spiking if name in layers}
