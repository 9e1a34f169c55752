"""Reading a study file: YAML, overrides, and every problem of form as a sentence."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from spikeatlas.flows.checks.field_words import form_errors, form_sentence
from spikeatlas.flows.checks.truth_values import truth_problems
from spikeatlas.flows.checks.yaml_file import load_yaml
from spikeatlas.snn.sentences import near
from spikeatlas.snn.training import renamed_fields
from spikeatlas.tasks.study.study import Study, StudyError

UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
"""Pydantic's types of an error of a field that does not exist."""

MISSING = ("missing", "missing_argument", "missing_keyword_only_argument")
"""Pydantic's types of an error of a field that is not there."""

Model = TypeVar("Model", bound=BaseModel)


def read_study(path: Path, overrides: Iterable[str] = ()) -> dict[str, Any]:
    """Read a study file as plain values, with ``key=value`` overrides such as ``search.budget=500``.

    Paths inside are relative to the working folder, as on a command line.
    Raises StudyError for a missing file, broken YAML or an override without a value.
    """
    try:
        raw = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError([f"there is no study file {path}: give the path of a YAML file"]) from None
    except StudyError as error:
        raise StudyError([f"{path}: {problem}" for problem in error.problems]) from None
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
    section = raw
    for parent in parents:
        inner = section.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise StudyError([_no_group(override, key, parent, inner)])
        section = inner
    try:
        section[last] = load_yaml(text)
    except StudyError as error:
        raise StudyError([f"--set {override}: {problem}" for problem in error.problems]) from None
    except yaml.YAMLError as error:
        reason = getattr(error, "problem", None) or type(error).__name__
        message = (
            f"--set {override}: {text} is no YAML ({reason}); write it as in a file, in quotes"
        )
        raise StudyError([message]) from error


def _no_group(override: str, key: str, parent: str, value: object) -> str:
    names = key.split(".")
    place = names.index(parent)
    whole = ".".join(names[: place + 1])
    inner = ": {".join(names[place + 1 :])
    closing = "}" * (len(names) - place - 1)
    return (
        f"--set {override}: {whole} is {value!r}, not a group of fields; set the whole group, "
        f"--set '{whole}={{{inner}: ...{closing}'"
    )


class Parsed(NamedTuple):
    """A study as far as its form is sound."""

    study: Study
    """A section that does not parse stands at its default, which nobody wrote."""
    problems: list[str]
    """Every problem of form."""
    gaps: frozenset[str]
    """The sections of which the study does not say what was meant."""


def parse(raw: Mapping[str, Any]) -> Parsed:
    """Return the study, every problem of form in it, and the sections that these leave open."""
    problems, sound = renamed_fields(raw.get("training")), raw
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        problems += sentences(error, Study, raw)
        sound = dict(_sound_sections(raw))
        study = Study.model_validate(sound)
    gaps = {*_misspelt_sections(raw), *(Study.model_fields.keys() & raw.keys() - sound.keys())}
    for name in sound:
        truths = truth_problems({name: raw[name]}, study)
        problems += truths
        gaps |= {name} if truths else set()
    return Parsed(study, problems, frozenset(gaps))


def _sound_sections(raw: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in raw:
        if name in Study.model_fields:
            try:
                # not the field's annotation alone: a contract's own schema takes any of its fields for a member
                yield name, getattr(Study.model_validate({name: raw[name]}), name)
            except ValidationError:
                continue


def _misspelt_sections(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sections that were meant by names of none, as far as one is near."""
    absent = Study.model_fields.keys() - raw.keys()
    for name in raw.keys() - Study.model_fields.keys():
        yield from difflib.get_close_matches(str(name), absent, n=1, cutoff=0.5)


def sentences(error: ValidationError, model: type[BaseModel], raw: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each of the errors with which ``model`` refuses ``raw``."""
    parts = [dict(part) for part in error.errors()]
    fields: dict[tuple[str | int, ...], list[Mapping[str, Any]]] = {}
    for path, part in form_errors([(_path(part, raw), part) for part in parts]):
        fields.setdefault(path, []).append(part)
    lines = [
        sentence for path, errors in fields.items() for sentence in _sentences(path, errors, model)
    ]
    return list(dict.fromkeys(lines))


def _sentences(
    path: tuple[str | int, ...], errors: Sequence[Mapping[str, Any]], model: type[BaseModel]
) -> list[str]:
    """Return what is wrong with one field: its form, whatever alternatives it has, or each of other mistakes."""
    form = form_sentence(".".join(map(str, path)), errors)
    return [_sentence(path, error, model) for error in errors] if form is None else [form]


def _sentence(path: tuple[str | int, ...], error: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Return one error as a sentence: field, value, what is allowed, near names."""
    field, value = ".".join(map(str, path)), error.get("input")
    if not path:
        # of no one field: the sentence says which it means
        return str(error["msg"]).removeprefix("Value error, ")
    if error["type"] in UNKNOWN:
        names = _fields_at(model, path[:-1])
        allowed = f"; allowed are {', '.join(names)}" if names else ""
        return f"{field}: there is no such field{near(str(path[-1]), names)}{allowed}"
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    if error["type"] in MISSING:
        return f"{field} is missing: it has no default, so write it"
    if message.startswith(f"{field}."):
        return message
    if isinstance(value, Mapping) and message.startswith(repr(value.get("kind"))):
        return f"{field}.kind: {message}"
    return (
        f"{field}: {value!r} is not allowed; it should be {message}"
        if str(error["msg"]).startswith("Input should be ")
        else f"{field}: {message}"
    )


def _path(error: Mapping[str, Any], raw: Any) -> tuple[str | int, ...]:
    """Return the keys that lead to an error in ``raw``, without pydantic's names of a union's alternatives."""
    path: list[str | int] = []
    for place, part in enumerate(error["loc"]):
        if (isinstance(raw, Mapping) and part in raw) or (
            isinstance(raw, Sequence) and isinstance(part, int) and part < len(raw)
        ):
            raw = raw[part]
        elif error["type"] not in MISSING or place < len(error["loc"]) - 1:
            continue
        path.append(part)
    return tuple(path)


def _fields_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """Return the fields that exist where ``path`` leads, as a file names them."""
    spec: Any = model
    for part in path:
        if isinstance(part, str):
            field = _field(spec, part)
            spec = None if field is None else _spec(field.annotation)
    if spec is None:
        return []
    return [field.alias or name for name, field in _fields(spec).items()]


def _fields(spec: Any) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = (
        spec.model_fields if issubclass(spec, BaseModel) else spec.__pydantic_fields__
    )
    return fields


def _field(spec: Any, part: str) -> Any:
    fields = {} if spec is None else _fields(spec)
    return next((f for name, f in fields.items() if part in (name, f.alias)), None)


def _spec(annotation: Any) -> Any:
    """Return the specification that an annotation names; families tell of their own fields."""
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return annotation
    return next((spec for part in get_args(annotation) if (spec := _spec(part))), None)
