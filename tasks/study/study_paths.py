"""The paths of a study, kept and found again: what a study means must not depend on where one stands."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spikeatlas.tasks.study.study import Study

Place = tuple[str, ...]
"""A field, by the names of the sections that it is in."""

PATHS: tuple[Place, ...] = (
    ("data", "root"),
    ("generator", "checkpoint"),
    ("network", "checkpoints"),
    ("network", "file"),
    ("network", "features", "network", "checkpoints"),
)
"""Fields that name files or folders which a study reads, in its JSON."""
_PATTERN = re.compile(r"[{*]")

Fields = Mapping[str, Any]


def absolute_paths(study: Study) -> str:
    """Return the paths of a study, absolute, as JSON: ``output`` and those it reads, in the form of the study itself."""
    fields = study.model_dump(mode="json")
    paths: dict[str, Any] = {}
    for place in _named(fields):
        paths = _replaced(paths, place, _at(fields, place))
    return json.dumps({**changed_paths(paths, _absolute), "output": _absolute(study.output)})


def changed_paths(fields: Fields, change: Callable[[str], str]) -> dict[str, Any]:
    """Return a study's JSON values with every path that it reads changed."""
    result = dict(fields)
    for place in _named(fields):
        value = _at(fields, place)
        new = (
            {key: change(path) for key, path in value.items()}
            if isinstance(value, Mapping)
            else change(value)
        )
        result = _replaced(result, place, new)
    return result


def replaced_paths(fields: Fields, paths: Fields) -> dict[str, Any]:
    """Return a study's JSON values with the paths of ``absolute_paths`` in the place of its own."""
    result = dict(fields)
    for place in _named(paths):
        result = _replaced(result, place, _at(paths, place))
    return result


def moved_path(path: str, output: str, here: Path) -> str:
    """Return where a path is now that was at ``path`` when the folder ``here`` was at ``output``.

    As it lay beside the folder, or in it, where there is something now; else where it was. Between an absolute and a
    relative path nothing is known.
    """
    if Path(path).is_absolute() != Path(output).is_absolute():
        return path
    near = os.path.normpath(here / os.path.relpath(path, output))
    return near if os.path.lexists(_plain(near)) else path


def _named(fields: Fields) -> list[Place]:
    """Return the fields of ``PATHS`` that hold a path, or several."""
    return [place for place in PATHS if isinstance(_at(fields, place), str | Mapping)]


def _at(fields: Any, place: Place) -> Any:
    """Return the value of a field; None where there is none."""
    for name in place:
        fields = fields.get(name) if isinstance(fields, Mapping) else None
    return fields


def _replaced(fields: Fields, place: Place, value: object) -> dict[str, Any]:
    """Return the same values with another one of a field, whose sections are made where there are none."""
    name, *rest = place
    if not rest:
        return {**fields, name: value}
    return {**fields, name: _replaced(fields.get(name, {}), tuple(rest), value)}


def _absolute(path: str | Path) -> str:
    return str(Path(path).absolute())


def _plain(path: str) -> str:
    """Return the part of a path before anything that stands for other text."""
    pattern = _PATTERN.search(path)
    return path if pattern is None else str(Path(f"{path[: pattern.start()]}x").parent)
