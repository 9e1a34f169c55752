"""A user's own function as a subject: a simulator of another kind, a recorder, anything that answers images.

The factory, called as ``factory(**options)``, or ``factory(checkpoint=path, **options)`` where the study names
checkpoints, returns the function. It needs numpy alone: ``function(images)`` takes stimuli uint8 (n, c, h, w), not to
be written to, and returns ``{layer: (n, neurons)}`` real numbers, row for row. A stochastic one may take a second
argument ``seeds``, uint64 (n,): one for each stimulus, to draw its random numbers from; without it, what is drawn
cannot be drawn again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.data import DataSet, sequence_problem, take_evenly
from spikeatlas.snn.files import digest_file
from spikeatlas.snn.frozen_table import FrozenTable
from spikeatlas.snn.layer_info import LayerInfo, Unit, require_neurons
from spikeatlas.snn.modules import (
    checkpoint_files,
    checkpoint_paths,
    code_digest,
    code_parts,
    digest_of,
    pattern_problem,
    place_of,
)
from spikeatlas.snn.own_code import FunctionPath
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.registry import SPEC, UserPath, UserPattern
from spikeatlas.snn.sentences import caught
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects.base import (
    Neurons,
    Respond,
    Source,
    Subject,
    SubjectSpec,
)
from spikeatlas.snn.subjects.functions import (
    Function,
    FunctionRespond,
    FunctionSite,
    make_function,
    trial_problem,
)
from spikeatlas.snn.subjects.lacking import LACKS
from spikeatlas.snn.subjects.training_progress import Progress

Width = Annotated[int, Field(ge=1)]
Files = Annotated[dict[float, UserPath], Field(min_length=1), AfterValidator(FrozenTable)]
_TRIAL_IMAGES = 8


@dataclass(frozen=True, config=SPEC)
class FunctionUnit:
    """The unit of a function's responses."""

    name: Annotated[str, Field(min_length=1)] = "1"
    """Of 1, as the atlas has it in ``units``: spikes/s, or dF/F."""
    top: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """Largest response there can be; none where there is no upper end."""
    bottom: Annotated[float, Field(allow_inf_nan=False)] | None = 0.0
    """Smallest response there can be; none where there is no lower end."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.top is not None and self.bottom is not None and self.top <= self.bottom:
            raise ValueError(
                f"top is {self.top} and bottom {self.bottom}: top must be the larger; null is no end."
            )
        return self


@dataclass(frozen=True, config=SPEC, kw_only=True)
class CallableSpec(SubjectSpec):
    """A function of your own: images in, numbers out. It needs no torch, and lacks all that is not its answers."""

    kind: Literal["callable"] = "callable"
    factory: FunctionPath
    """``module:function`` that returns the function, called once an epoch with ``options``."""
    options: Annotated[dict[str, Any], AfterValidator(FrozenTable)] = Field(
        default_factory=FrozenTable
    )
    """Arguments of the factory, by name."""
    layers: Annotated[dict[str, Width], Field(min_length=1), AfterValidator(FrozenTable)]
    """Neurons of each layer, by its name, shallow to deep: ``{v1: 64}``."""
    checkpoints: Files | UserPattern | None = None
    """A file an epoch, given to the factory as ``checkpoint``: a path with {epoch}, or {0: a, 10: b}."""
    first_epoch: float = 0
    """Added to the number in a file's name."""
    unit: FunctionUnit = Field(default_factory=FunctionUnit)
    """Of all responses."""
    stochastic: bool = False
    """True if it answers one image differently at each showing."""
    threads: bool = False
    """True if threads may call it at the same time; else calls take turns."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        problem = pattern_problem(self.checkpoints) if isinstance(self.checkpoints, str) else None
        if problem is not None:
            raise ValueError(problem)
        return self

    @property
    def paths(self) -> dict[str, Path]:
        """See ``SubjectSpec``."""
        return checkpoint_paths(self.checkpoints)

    def source(self, data: DataSet, folder: Path) -> Source:
        """See ``SubjectSpec``."""
        del folder
        problem = sequence_problem(data, "network.kind callable")
        if problem is not None:
            raise ValueError(problem)
        return FunctionSource(self, data)


class FunctionSource(Source):
    """A user's functions, one an epoch."""

    def __init__(self, spec: CallableSpec, data: DataSet) -> None:
        self.spec = spec
        self.input_shape = data.shape
        self._data = data
        self._last: tuple[tuple[float, str], Function] | None = None
        unit = Unit(spec.unit.name, None, spec.unit.top, spec.unit.bottom)
        self.layers = {name: LayerInfo(size, (), unit) for name, size in spec.layers.items()}
        self.stochastic = spec.stochastic
        self.place, self.folder = place_of(spec.factory, spec.checkpoints)
        self.facts = {"factory": spec.factory}
        self.site = FunctionSite(
            spec.factory, self.input_shape, self.layers, spec.stochastic, spec.threads
        )
        self.lacks = tuple(lack for lack in LACKS if lack != "epochs" or spec.checkpoints is None)

    def epochs(self) -> dict[float, Path | None]:
        """See ``Source``."""
        return checkpoint_files(self.spec.checkpoints, self.spec.first_epoch)

    def open(self, epoch: float) -> Subject:
        """See ``Source``; ValueError where the factory fails."""
        return FunctionSubject(self, self._function(epoch))

    def example(self) -> Subject:
        """See ``Source``: that of the first epoch."""
        epochs = self.epochs()
        if not epochs:
            raise FileNotFoundError(f"network.checkpoints: no file fits {self.spec.checkpoints}.")
        return self.open(min(epochs))

    @property
    def network_digest(self) -> str:
        """See ``Source``."""
        return digest_of({"code": code_digest(self.spec.factory), **self._settings()})

    @property
    def network_parts(self) -> dict[str, str]:
        """See ``Source``: each file of code, and each setting by its field."""
        settings = {f"network.{name}": digest_of(value) for name, value in self._settings().items()}
        return {**code_parts(self.spec.factory), **settings}

    def _settings(self) -> dict[str, object]:
        return {"options": dict(self.spec.options), "layers": list(self.spec.layers.items())}

    def digest(self, epoch: float) -> str:
        """See ``Source``: of the epoch's file, or of the code."""
        file = self._file(epoch)
        return self.network_digest if file is None else digest_file(file)

    def progress(self, epoch: float) -> Progress:
        """See ``Source``: nobody knows."""
        del epoch
        return Progress()

    def problems(self, epochs: Sequence[float]) -> list[str]:
        """See ``Source``: factories that fail; the function of the first epoch is tried with some images."""
        problems: list[str] = []
        for epoch in sorted(epochs, reverse=True):
            problems += caught("network", partial(self._function, epoch))
        if epochs and not problems:
            problems += caught("network", partial(self._try, min(epochs)))
        return list(dict.fromkeys(problems))

    def _try(self, epoch: float) -> None:
        images = take_evenly(self._data.train, _TRIAL_IMAGES).stills
        problem = trial_problem(self._function(epoch), self.site, images)
        if problem is not None:
            raise ValueError(problem)

    def _function(self, epoch: float) -> Function:
        """Return an epoch's function; of the last one that was asked for, the factory is not called again."""
        file = self._file(epoch)
        key = epoch, "" if file is None else digest_file(file)
        if self._last is None or self._last[0] != key:
            self._last = key, make_function(self.spec.factory, self.spec.options, file)
        return self._last[1]

    def _file(self, epoch: float) -> Path | None:
        files = self.epochs()
        if epoch not in files:
            names = ", ".join(f"{number:g}" for number in files) or "none"
            raise ValueError(
                f"network.checkpoints: there is no epoch {epoch:g}: the epochs are {names}."
            )
        file = files[epoch]
        if file is not None and not file.is_file():
            raise FileNotFoundError(
                f"network.checkpoints: there is no file {file} of epoch {epoch:g}; check its path."
            )
        return file


class FunctionSubject(Subject):
    """A user's function."""

    layered = False

    def __init__(self, source: FunctionSource, function: Function) -> None:
        self.function = function
        self._site = source.site
        self.input_shape = source.input_shape
        self.layers = source.layers
        self.stochastic = source.stochastic
        self.lacks = source.lacks

    def responder(self, neurons: Neurons, showing: Showing) -> Respond:
        """See ``Subject``; all layers are computed, whatever is asked for."""
        self._check(neurons)
        if showing.reading != RATE:
            raise ValueError(
                f"reading {showing.reading.kind} reads spikes over time, and a function gives none: use rate."
            )
        return FunctionRespond(self.function, self._site, neurons, showing)

    def _check(self, neurons: Neurons) -> None:
        for layer, row in neurons.items():
            if layer not in self.layers:
                raise ValueError(
                    f"there is no layer {layer!r}: there are {', '.join(self.layers)}."
                )
            require_neurons(layer, row, self.layers[layer].neurons)
