"""The other things that a user may name in place of an atlas, each told as what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from spikeatlas.tasks.study.location import ATLAS

MOST_NAMES = 3
"""Atlases that a sentence names."""
_WHERE = f"give the path of an {ATLAS} folder that a run has written"
_DEFAULT = "runs/atlas"
"""Output of a study that names none."""
_GROUPS = ("provenance", "progress")
"""Groups that every atlas has."""


def other_than_atlas(path: Path) -> str | None:
    """Say what stands at a path instead of an atlas, and where one is; None where it may be an atlas that is damaged."""
    if path.is_file():
        return _file(path)
    root = _metadata(path)
    if root is None and all((path / group).is_dir() for group in _GROUPS):
        return None
    return _within(path) or _zarr(path, root) or _folder(path)


def _file(path: Path) -> str:
    atlas = _atlas_of_study(path) if path.suffix in (".yaml", ".yml") else None
    if atlas is not None:
        return f"{path} is a study: its atlas, once it has run, is {atlas}"
    whole = _owner(path.absolute())
    part = (
        f", a part of the atlas {whole}: name that"
        if whole
        else f", and an atlas is a folder: {_WHERE}"
    )
    return f"{path} is a file{part}"


def _atlas_of_study(path: Path) -> str | None:
    """Return the place of the atlas of a study; None for what is no study."""
    try:
        study = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    if not isinstance(study, dict):
        return None
    return str(study.get("atlas") or Path(str(study.get("output", _DEFAULT))) / ATLAS)


def _within(path: Path) -> str | None:
    """Say of which atlas, or of which run's folder, a folder is a part."""
    place = path.absolute()
    whole = _owner(place)
    if whole is not None:
        return f"{path} is a part of the atlas {whole}: name that"
    if (path / ATLAS).exists():
        return f"{path} is the folder of a run: its atlas is {path / ATLAS}"
    if place.name != ATLAS and (place.parent / ATLAS).exists():
        return f"{path} is no atlas: that of this run is {path.parent / ATLAS}"
    return None


def _owner(place: Path) -> Path | None:
    """Return the atlas that a path is in."""
    return next((folder for folder in place.parents if _is_atlas(_metadata(folder))), None)


def _zarr(path: Path, root: dict[str, Any] | None) -> str | None:
    if not root:
        return None
    if "benchmark_version" in root.get("attributes", {}):
        return (
            f"{path} is the dataset of a benchmark, and no atlas: open it with xarray, or {_WHERE}"
        )
    return f"{path} is a Zarr store that no run has made, and no atlas: {_WHERE}"


def _folder(path: Path) -> str | None:
    if (path / "zarr.json").exists():
        return None
    atlases = sorted(path.glob(f"*/{ATLAS}"))
    if not atlases:
        return f"{path} is a folder without an atlas: {_WHERE}"
    more = f" and {len(atlases) - MOST_NAMES} more" if atlases[MOST_NAMES:] else ""
    names = ", ".join(map(str, atlases[:MOST_NAMES]))
    return f"{path} is no atlas, but holds some: {names}{more}; name one of them"


def _metadata(folder: Path) -> dict[str, Any] | None:
    """Return what a folder's Zarr metadata say; None where there are none, or where they are damaged."""
    try:
        content = json.loads((folder / "zarr.json").read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _is_atlas(root: dict[str, Any] | None) -> bool:
    attributes = {} if root is None else root.get("attributes", {})
    return "schema_version" in attributes
