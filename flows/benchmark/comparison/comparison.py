"""The file of a comparison: what all networks share, and what each row has of its own. Unknown keys are errors."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar, overload

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from spikeatlas.flows.checks.field_words import form_sentence
from spikeatlas.flows.study_file import read_study, sentences
from spikeatlas.snn.data import DataSpec, Digits
from spikeatlas.snn.field_docstrings import describe_fields
from spikeatlas.snn.registry import UserPath
from spikeatlas.snn.sentences import near
from spikeatlas.snn.subjects import SUBJECTS, SubjectSpec, TrainedSpec
from spikeatlas.snn.training import ActingCallback, Prune, TrainingSpec
from spikeatlas.tasks.study.study import StudyError

SHARED = ("network", "training")
"""Sections of a file that every row has, with its own fields in them."""

STRICT = ConfigDict(extra="forbid", frozen=True, json_schema_extra=describe_fields)


class Row(BaseModel):
    """One network."""

    model_config = STRICT

    name: str
    """As the table has it."""
    network: SubjectSpec
    """The shared network with the row's own fields."""
    training: TrainingSpec
    """The shared training with the row's own fields."""
    controls: dict[str, Annotated[float, Ge(0)]] = {}
    """Rows that this one is held against, and the points of accuracy that it may stay behind each."""
    least: Annotated[float, Ge(0), Le(1)] | None = None
    """Accuracy, 0 to 1, that its mean over seeds is to reach; none if left out."""
    reported: Annotated[float, Ge(0), Le(1)] | None = None
    """Accuracy, 0 to 1, that its paper reports; none if left out."""
    most_units: Annotated[float, Gt(0), Le(1)] | None = None
    """Share of its hidden units, above 0 to 1, that its mean over seeds is to be left with at most; none if left out."""
    as_sparse_as: str | None = None
    """Row to whose widths its callback ``prune`` cuts each layer, seed by seed; its own sparsity if left out."""

    @property
    def spec(self) -> TrainedSpec:
        """The network, which is trained here (``NetworkComparison`` refuses others)."""
        assert isinstance(self.network, TrainedSpec)
        return self.network

    @property
    def cuts(self) -> bool:
        """True where a callback acts on the network, and may cut units out."""
        return any(isinstance(callback, ActingCallback) for callback in self.training.callbacks)

    @property
    def slug(self) -> str:
        """The name as a part of a file's."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.name.lower())


def _require_pruning(row: Row, rows: Sequence[Row]) -> None:
    """Raise ValueError for a row that is to be as sparse as another, but is not pruned, or that one does not cut itself."""
    others = [other.name for other in rows if other.as_sparse_as is None and other.cuts]
    if row.as_sparse_as not in others:
        raise ValueError(
            f"row {row.name!r} is as_sparse_as {row.as_sparse_as!r}, which is no row that cuts units by itself; "
            f"choose one of {', '.join(map(repr, others)) or 'none: give a row a callback demp or prune'}"
        )
    if not any(isinstance(callback, Prune) for callback in row.training.callbacks):
        raise ValueError(
            f"row {row.name!r} is as_sparse_as {row.as_sparse_as!r}, but is not pruned; give it training.callbacks "
            "with a prune, whose sparsity is then that row's"
        )


class NetworkComparison(BaseModel):
    """Networks x seeds, and where their numbers go."""

    model_config = STRICT

    data: DataSpec = Digits()
    """Images that all are trained and tested on."""
    seeds: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(1)] = (0, 1, 2)
    """Of weights and order of images."""
    rows: Annotated[tuple[Row, ...], MinLen(1)]
    """The networks."""
    robustness: Annotated[int, Ge(0)] = 0
    """Test images, as many of each class, shown under noise and attacks as well (0: none; ``snn.robustness.PUBLISHED``)."""
    workers: Annotated[int, Ge(1)] = 2
    """Processes, one thread each; they change no value."""
    output: UserPath = Path("runs/comparison")
    """Folder of the checkpoints."""
    results: UserPath = Path("runs/comparison/results")
    """Folder of the numbers, one file a row and seed."""

    @field_validator("rows")
    @classmethod
    def _check_rows(cls, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        names = [row.name for row in rows]
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise ValueError(f"several rows are called {', '.join(doubles)}: name each otherwise")
        for slug, count in Counter(row.slug for row in rows).items():
            if count > 1:
                alike = " and ".join(repr(row.name) for row in rows if row.slug == slug)
                raise ValueError(
                    f"{alike} would share their files, {slug}-seed-*: name them with other letters or digits"
                )
        for row in rows:
            for control in row.controls.keys() - set(names):
                raise ValueError(
                    f"a control of {row.name!r} is {control!r}, which is no row{near(control, names)}"
                )
            if row.as_sparse_as is not None:
                _require_pruning(row, rows)
            if row.most_units is not None and not row.cuts:
                raise ValueError(
                    f"row {row.name!r} has most_units, but loses none; give it training.callbacks that cut units, or leave "
                    "most_units out"
                )
        return rows

    @model_validator(mode="after")
    def _check_training(self) -> Self:
        for row in self.rows:
            if not isinstance(row.network, TrainedSpec) or not row.network.trained_here:
                kinds = [
                    kind
                    for kind, member in SUBJECTS.members.items()
                    if issubclass(member, TrainedSpec)
                ]
                raise ValueError(
                    f"row {row.name!r}: network.kind {row.network.kind} is not trained here; choose one of "
                    f"{', '.join(kinds)}, without checkpoints"
                )
            problems = row.training.problems(row.spec.architecture)
            if problems:
                raise ValueError(f"row {row.name!r}: {'; '.join(problems)}")
        return self

    @property
    def cuts(self) -> bool:
        """True where a row may cut units out."""
        return any(row.cuts for row in self.rows)

    def key(self, row: Row, seed: int) -> str:
        """Digest of all that the numbers of a row and seed rest on."""
        data = self.model_dump(mode="json")["data"]
        fields = [
            # the images are the same, wherever they lie
            {name: value for name, value in data.items() if name not in ("root", "download")},
            row.model_dump(mode="json", include={"network", "training"}),
            seed,
            *([self.robustness] if self.robustness else []),
            # its widths are that row's
            *([self.key(other, seed) for other in self.rows if other.name == row.as_sparse_as]),
        ]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()

    def result_path(self, row: Row, seed: int) -> Path:
        """Return the file of the numbers of a row and seed."""
        return self.results / f"{row.slug}-seed-{seed}.json"


Form = TypeVar("Form", bound=NetworkComparison)


@overload
def read_comparison(path: Path, overrides: Sequence[str] = ()) -> NetworkComparison: ...


@overload
def read_comparison(path: Path, overrides: Sequence[str], form: type[Form]) -> Form: ...


def read_comparison(
    path: Path, overrides: Sequence[str] = (), form: type[NetworkComparison] = NetworkComparison
) -> NetworkComparison:
    """Read the file of a comparison of a form. StudyError with every problem of form."""
    raw = read_study(path, overrides)
    if problems := list(_no_groups(raw)):
        raise StudyError(problems)
    merged = with_shared_fields(raw)
    try:
        return form.model_validate(merged)
    except ValidationError as error:
        problems = [_as_written(problem, raw) for problem in sentences(error, form, merged)]
        raise StudyError(list(dict.fromkeys(problems))) from None


def _as_written(problem: str, raw: Mapping[str, Any]) -> str:
    """Return a sentence on a row's field that stands in the shared section with the place where it stands."""
    place = re.match(rf"rows\.(\d+)\.({'|'.join(SHARED)})\.(\w+)", problem)
    if place is None:
        return problem
    row, section, field = int(place[1]), place[2], place[3]
    is_shared = field in raw.get(section, {}) and field not in raw["rows"][row].get(section, {})
    return problem.removeprefix(f"rows.{row}.") if is_shared else problem


def with_shared_fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the file's values, ``network`` and ``training`` of all rows merged into each row's own."""
    fields = dict(raw)
    shared = {name: fields.pop(name, {}) for name in SHARED}
    rows = fields.get("rows")
    if isinstance(rows, list):
        fields["rows"] = [
            {**row, **{name: {**part, **row.get(name, {})} for name, part in shared.items()}}
            if isinstance(row, Mapping)
            else row
            for row in rows
        ]
    return fields


def _no_groups(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each part that is to be merged and is no group of fields."""
    rows = raw.get("rows")
    places = {"": raw}
    if isinstance(rows, list):
        places |= {f"rows.{place}.": row for place, row in enumerate(rows)}
    for start, fields in places.items():
        for name in SHARED if isinstance(fields, Mapping) else ():
            value = fields.get(name, {})
            if not isinstance(value, Mapping):
                sentence = form_sentence(f"{start}{name}", [{"type": "dict_type", "input": value}])
                is_kind = name == "network" and isinstance(value, str)
                remedy = f"; write {{kind: {value}}}" if is_kind else ", or left out"
                yield f"{sentence}{remedy}"
