"""The paths of a study, kept and found again: what a study means must not depend on where one stands."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spikeatlas.tasks.study.study import Study

PATHS = (
    ("data", "root"),
    ("generator", "checkpoint"),
    ("network", "checkpoints"),
    ("network", "file"),
)
"""Fields that name files or folders which a study reads, in its JSON."""
_PATTERN = re.compile(r"[{*]")

Fields = Mapping[str, Any]


def absolute_paths(study: Study) -> str:
    """Return the paths of a study, absolute, as JSON: ``output`` and those it reads, in the form of the study itself."""
    fields = study.model_dump(mode="json")
    paths: dict[str, Any] = {}
    for section, name in _named(fields):
        paths.setdefault(section, {})[name] = fields[section][name]
    return json.dumps({**changed_paths(paths, _absolute), "output": _absolute(study.output)})


def changed_paths(fields: Fields, change: Callable[[str], str]) -> dict[str, Any]:
    """Return a study's JSON values with every path that it reads changed."""
    result = dict(fields)
    for section, name in _named(fields):
        value = result[section][name]
        new = (
            {key: change(path) for key, path in value.items()}
            if isinstance(value, Mapping)
            else change(value)
        )
        result[section] = {**result[section], name: new}
    return result


def replaced_paths(fields: Fields, paths: Fields) -> dict[str, Any]:
    """Return a study's JSON values with the paths of ``absolute_paths`` in the place of its own."""
    result = dict(fields)
    for section, name in _named(paths):
        result[section] = {**result[section], name: paths[section][name]}
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


def _named(fields: Fields) -> list[tuple[str, str]]:
    """Return the fields of ``PATHS`` that hold a path, or several."""
    return [
        (section, name)
        for section, name in PATHS
        if isinstance(fields.get(section), Mapping)
        and isinstance(fields[section].get(name), str | Mapping)
    ]


def _absolute(path: str | Path) -> str:
    return str(Path(path).absolute())


def _plain(path: str) -> str:
    """Return the part of a path before anything that stands for other text."""
    pattern = _PATTERN.search(path)
    return path if pattern is None else str(Path(f"{path[: pattern.start()]}x").parent)
