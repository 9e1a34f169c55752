"""The files of an atlas, one by one: those that Zarr keeps in it, and those that somebody put there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikeatlas.tasks.atlas.errors import AtlasError
from spikeatlas.tasks.atlas.groups import GROUPS
from spikeatlas.tasks.atlas.metadata import BUILDING
from spikeatlas.tasks.study.location import Place, Url

MOST_NAMES = 5
"""Files that a sentence names."""
NODE = "zarr.json"
"""File of every group and array."""
_PARTIAL = re.compile(r".*\.[0-9a-f]{32}\.partial")
"""Files that Zarr was writing when it was killed."""
_ROOT = {"schema_version", "study_digest"}
_ALWAYS = {"progress", "provenance"}
_TOP = {"provenance", "training", *(group.path.partition("/")[0] for group in GROUPS)}


@dataclass(frozen=True)
class StoreFiles:
    """The files at the place of an atlas that is, or is to be."""

    is_atlas: bool
    """True where it can be told to be one of ours, damaged or half made as it may be."""
    names: tuple[str, ...]
    """All files, by their path in it."""
    foreign: tuple[str, ...]
    """Those of them that are no atlas's."""


def store_files(path: Place) -> StoreFiles:
    """List what lies at the place of an atlas; nothing, where nothing is."""
    names = tuple(sorted(_objects(path) if isinstance(path, Url) else _files(path)))
    there = set(names)
    foreign = tuple(name for name in names if not _is_zarr(name, there))
    root = _root(path) if NODE in there else {}
    return StoreFiles(_is_atlas(root, there), names, foreign)


def says_atlas(path: Place) -> bool:
    """Tell whether the root of a store says that it is an atlas, whatever else is there."""
    attributes: dict[str, Any] = _root(path).get("attributes") or {}
    return attributes.keys() >= _ROOT


def require_pure(path: Path) -> None:
    """Raise AtlasError where somebody keeps files of another kind in an atlas that is to make place for a new tree."""
    foreign = store_files(path).foreign
    if foreign:
        message = f"{path} is to be replaced, and holds {', '.join(foreign[:MOST_NAMES])}, which no run made: move it away first"
        raise AtlasError(message)


def _is_atlas(root: dict[str, Any], names: Collection[str]) -> bool:
    """An atlas says so itself, made or being made; one whose root is damaged has groups of ours, and no others."""
    attributes = root.get("attributes") or {}
    if attributes:
        return BUILDING.items() <= attributes.items() or attributes.keys() >= _ROOT
    groups = {name.partition("/")[0] for name in names if "/" in name}
    return _ALWAYS <= groups <= _TOP


def _files(path: Path) -> Iterator[str]:
    """Yield the files in a folder; a link is one, whatever it leads to."""
    for folder, folders, files in os.walk(path):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in (*files, *links):
            yield (Path(folder) / name).relative_to(path).as_posix()


def _objects(url: Url) -> Iterator[str]:
    import obstore  # noqa: PLC0415 - an optional package

    for part in obstore.list(url.below):
        yield from (entry["path"] for entry in part)


def _root(path: Place) -> dict[str, Any]:
    """Return the root's metadata; nothing where they are damaged."""
    try:
        content = json.loads((path / NODE if isinstance(path, Path) else _inner(path)).read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _inner(url: Url) -> Url:
    return Url(f"{str(url).rstrip('/')}/{NODE}")


def _is_zarr(name: str, names: Collection[str]) -> bool:
    """Tell metadata of a node, a chunk of an array (``c/0/1`` beside its metadata), or what Zarr was writing."""
    parts = name.split("/")
    if parts[-1] == NODE or _PARTIAL.fullmatch(parts[-1]):
        return True
    return any(
        # the root itself is a group
        part == "c"
        and place > 0
        and all(key.isdecimal() for key in parts[place + 1 :])
        and "/".join([*parts[:place], NODE]) in names
        for place, part in enumerate(parts)
    )
