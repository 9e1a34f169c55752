"""The atlases in a folder and below, and the files that belong to them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from spikeatlas.tasks.atlas import AtlasError, at_work, stamp
from spikeatlas.tasks.inspect.run_state import RunState, read_state

REPORT_FOLDER = "report"
SUFFIX, MARK = ".zarr", "zarr.json"
PAGES = (f"{REPORT_FOLDER}/*.html", "generator/*.png", "generator/*.csv", "*.png", "claims.json")
"""What a run writes, or a command draws, for people to look at, in its folder."""


@dataclass(frozen=True)
class ServedAtlas:
    """An atlas, and the folder in which its pages are, or would be."""

    path: Path
    """Absolute."""
    pages: Path


def atlases_below(folder: Path) -> list[ServedAtlas]:
    """Find every atlas in a folder and below, by path; links and hidden folders are not followed."""
    stores = []
    for parent, names, _ in os.walk(folder):
        inner = [name for name in sorted(names) if not name.startswith(".")]
        atlases = [name for name in inner if name.endswith(SUFFIX)]
        stores += [Path(parent, name) for name in atlases if Path(parent, name, MARK).is_file()]
        names[:] = [name for name in inner if name not in atlases]
    return [ServedAtlas(path, pages_of(path)) for path in sorted(stores)]


def pages_of(atlas: Path) -> Path:
    """Return the folder of an atlas's pages: the one beside it, if no other atlas has a better right to that."""
    beside = sorted(atlas.parent.glob(f"*{SUFFIX}/{MARK}"))
    alone = [path.parent.name for path in beside] == [atlas.name]
    return (atlas.parent if alone or atlas.name == "atlas.zarr" else atlas) / REPORT_FOLDER


def atlas_of_page(page: Path) -> Path | None:
    """Return the atlas that a page of this path would be of; None where there is none."""
    if page.parent.name != REPORT_FOLDER:
        return None
    run = page.parent.parent
    stores = [run, *(store.parent for store in sorted(run.glob(f"*{SUFFIX}/{MARK}")))]
    return next(
        (s for s in stores if (s / MARK).is_file() and pages_of(s) == page.parent),
        None,
    )


def belongs_to_an_atlas(path: Path, folder: Path) -> bool:
    """Return whether a file below ``folder`` is part of an atlas, or something to look at in the folder of a run."""
    parts = path.relative_to(folder).parts
    above = [folder.joinpath(*parts[:depth]) for depth in range(len(parts))]
    if any(store.suffix == SUFFIX and (store / MARK).is_file() for store in above):
        return True
    runs = (run for run in above if any(run.glob(f"*{SUFFIX}/{MARK}")))
    return any(_is_page(path.relative_to(run)) for run in runs)


def _is_page(path: Path) -> bool:
    """Tell what is to be looked at by its path in a run's folder."""
    return any(len(path.parts) == len(Path(page).parts) and path.match(page) for page in PAGES)


def state_of(atlas: Path) -> RunState | str:
    """Return the state of an atlas, or a sentence on what is wrong with it."""
    try:
        return _state(atlas, stamp(atlas).text, at_work(atlas.parent))
    except (AtlasError, OSError, KeyError, ValueError) as error:
        return " ".join(str(error).split())


@lru_cache(maxsize=1000)
def _state(atlas: Path, _stamp: str, _running: bool) -> RunState:
    return read_state(atlas)
