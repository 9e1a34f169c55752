"""The study: one YAML file that says what to make an atlas of. Unknown keys are errors."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from spikeatlas.snn.classifier import ClassifierSpec
from spikeatlas.snn.data import DataSpec, Digits
from spikeatlas.snn.generators import GENERATORS, GeneratorSpec, VQVAESpec
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.training import TrainingSpec
from spikeatlas.tasks.study.run import AnalysisSpec, ProbeSpec, ResponderSpec, SearchSpec


class StudyError(ValueError):
    """A study that cannot run: every problem found, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the sentences apart, for callers that list them."""
        super().__init__(list(problems))
        self.problems = list(problems)

    def __str__(self) -> str:
        """One problem a line."""
        return "\n".join(self.problems)


@dataclass(frozen=True, config=ConfigDict(extra="forbid", use_attribute_docstrings=True))
class RunnerSpec:
    """Where the work runs; it never changes a value."""

    kind: Literal["threads", "processes", "dask"] = "threads"
    """``threads`` of one process; ``processes`` of this machine; ``dask``: workers of a Dask cluster."""
    workers: Annotated[int, Ge(1)] = 2
    """Tasks at the same time; a cluster at an address has as many workers as it has."""
    address: str | None = None
    """Of a running Dask scheduler, e.g. tcp://10.0.0.1:8786; left out, a cluster is started here."""
    timeout: Annotated[float, Gt(0)] | None = None
    """Seconds after which the search of a block counts as stuck and is tried again, on Dask by another
    process; left out, it may take as long as it takes."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", use_attribute_docstrings=True))
class WatchSpec:
    """A network whose training goes on while it is looked at."""

    max_epochs: Annotated[int, Ge(0), Le(100_000)]
    """Last whole epoch that is expected: the atlas keeps a place for each from 0 on, so that it need not
    grow under its readers. Others, such as 0.5, or later ones, are added when they come."""


class Study(BaseModel):
    """What to make an atlas of, and where to put it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    data: DataSpec = Digits()
    """The natural images."""
    network: NetworkSpec = NetworkSpec()
    """The spiking network that is probed."""
    training: TrainingSpec = TrainingSpec()
    """How it is trained."""
    generator: GeneratorSpec = VQVAESpec()
    """What turns latents into stimuli."""
    probe: ProbeSpec = ProbeSpec()
    """Which neurons are probed, and when."""
    classifier: ClassifierSpec | None = None
    """What judges the generator's images, if that is wanted: a classifier without spikes."""
    search: SearchSpec = SearchSpec()
    """How their most exciting images are searched."""
    analysis: AnalysisSpec = AnalysisSpec()
    """What is measured beside the searches."""
    responder: ResponderSpec = ResponderSpec()
    """How responses are computed."""
    watch: WatchSpec | None = None
    """What to expect of a folder of checkpoints (network.checkpoints) that is still being filled."""
    runner: RunnerSpec = RunnerSpec()
    """Where the work runs."""
    seed: Annotated[int, Ge(0)] = 0
    """All randomness derives from it."""
    output: Path = Path("runs/atlas")
    """Folder of the atlas, the checkpoints, the generator and the report."""
    atlas: str | None = None
    """URL of the atlas in an object store, e.g. s3://bucket/name.zarr; left out, atlas.zarr in the folder."""

    def with_epochs(self, epochs: Sequence[float]) -> Study:
        """The same study of these epochs."""
        return self.model_copy(
            update={"probe": dataclasses.replace(self.probe, epochs=tuple(epochs))}
        )


def read_study(path: Path, overrides: Iterable[str] = ()) -> dict[str, Any]:
    """The study file as plain values, with ``key=value`` overrides such as ``search.budget=500``.

    Paths inside are relative to the working folder, as on a command line.
    Raises StudyError for a missing file, broken YAML or an override without a value.
    """
    try:
        raw = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise StudyError([f"there is no study file {path}: give the path of a YAML file"]) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"{path} cannot be read as a YAML file: {' '.join(str(error).split())}"
        raise StudyError([message]) from error
    raw = {} if raw is None else raw
    if not isinstance(raw, dict):
        raise StudyError(
            [f"{path} holds {type(raw).__name__}, but a study is a mapping such as 'seed: 0'"]
        )
    for override in overrides:
        _override(raw, override)
    return raw


def _override(raw: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise StudyError(
            [f"--set {override}: write it as key=value, for example search.budget=500"]
        )
    *parents, last = key.split(".")
    place = raw
    for parent in parents:
        inner = place.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise StudyError([f"--set {override}: {parent} is {inner!r}, not a group of fields"])
        place = inner
    place[last] = yaml.safe_load(text)


def parse(raw: Mapping[str, Any]) -> tuple[Study, list[str]]:
    """The study, and every problem of form in it; a section that does not parse stands at its default."""
    try:
        return Study.model_validate(raw), []
    except ValidationError as error:
        problems = [sentence(dict(e)) for e in error.errors()]
    sound: dict[str, Any] = {}
    for name, field in Study.model_fields.items():
        try:
            if name in raw:
                sound[name] = TypeAdapter(field.rebuild_annotation()).validate_python(raw[name])
        except ValidationError:
            continue
    return Study.model_validate(sound), list(dict.fromkeys(problems))


def sentence(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors as a sentence: field, value, what is allowed, near names."""
    place = [str(part) for part in error["loc"] if not _is_branch(str(part))]
    field = ".".join(place)
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known = _fields_beside(place, error["loc"])
        return f"{field}: there is no such field{near(place[-1], known)}; allowed are {', '.join(known)}"
    value = error.get("input")
    said = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    if error["type"] == "literal_error":
        allowed = [
            name.strip(" '")
            for name in str(error["ctx"]["expected"]).replace(" or ", ",").split(",")
        ]
        return f"{field}: {value!r} is not known{near(str(value), allowed)}; allowed: {', '.join(allowed)}"
    return (
        f"{field}: {value!r} is not allowed; it should be {said}"
        if "Input" in str(error["msg"])
        else f"{field}: {said}"
    )


def _is_branch(part: str) -> bool:
    """Whether pydantic names the alternative of a union here, which means nothing to a user."""
    return "[" in part or part in {"int", "float", "str", "function-after", *GENERATORS.members}


def _fields_beside(place: Sequence[str], loc: Sequence[str | int]) -> list[str]:
    """The fields that exist where an unknown one was given."""
    if len(place) == 1:
        return list(Study.model_fields)
    return [
        each.name
        for each in dataclasses.fields(section(Study.model_fields[place[0]].annotation, loc))
    ]


def section(annotation: Any, loc: Sequence[str | int]) -> Any:
    """The specification that an annotation names; of several, the one whose kind stands in ``loc``."""
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return annotation
    parts = [section(part, loc) for part in get_args(annotation)]
    found = [part for part in parts if part is not None]
    kinds = {kind: each for each in found for kind in get_args(_kind_of(each))}
    return next((kinds[part] for part in loc if part in kinds), found[0] if found else None)


def _kind_of(spec: Any) -> Any:
    fields = spec.__pydantic_fields__
    return fields["kind"].annotation if "kind" in fields else None


def near(name: str, known: Iterable[str]) -> str:
    """A hint at the names that look like ``name``."""
    close = difflib.get_close_matches(name, list(known), n=2, cutoff=0.5)
    return f" (did you mean {' or '.join(close)}?)" if close else ""
