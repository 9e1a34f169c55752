"""The obstacles in a study's folder: what somebody else put where a run writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from spikeatlas.snn.training import STATE, epoch_path
from spikeatlas.tasks.atlas.open import exists
from spikeatlas.tasks.atlas.ownership.signatures import (
    WRITERS,
    is_checkpoint,
    is_claims,
    is_page,
    is_picture,
    is_run_folder,
    is_run_mark,
    is_training_state,
)
from spikeatlas.tasks.atlas.ownership.store_files import MOST_NAMES, says_atlas, store_files
from spikeatlas.tasks.study.location import Place, Url
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.run_files import CLAIMS_FILE, PAGES

FOLDERS = ("checkpoints", "generator", "prefect", "report")
"""Folders of a run."""
ONLY_OF_RUNS = (
    "generator/curve.csv",
    "generator/*.png",
    "prefect/*.db",
    "prefect/*.log",
    "prefect/*.toml",
)
"""Files that nothing tells to be ours but the folder that they lie in."""

Sign = Callable[[Path], bool]


def obstacles(run: Run, *, fresh: bool) -> list[str]:
    """Say what a run would write over though no run of ours made it, and where a folder cannot be.

    ``fresh``: the atlas would go.
    """
    return [
        *_no_folders(run.folder, FOLDERS),
        *in_the_way(files_of(run)),
        # a copy of a run's folder may lack the file that says so
        *([] if says_atlas(run.atlas) else strangers(run.folder, ONLY_OF_RUNS)),
        # an atlas says itself that it is another study's
        *([] if fresh or says_atlas(run.atlas) else _of_another_study(run)),
        *_in_the_atlas(run.atlas, fresh=fresh),
    ]


def in_the_way(
    files: Iterable[tuple[Path, Sign]], field: str = "output", choice: str = "output"
) -> list[str]:
    """Name those of the files to be written that are there and lack the sign of ours.

    ``choice``: what a user may choose another one of.
    """
    paths = [path for path, is_ours in files if os.path.lexists(path) and not is_ours(path)]
    return _sentences(field, paths, choice)


def files_of(run: Run) -> Iterator[tuple[Path, Sign]]:
    """Yield the files that a run writes, each with what tells that a run of ours wrote the one that is there."""
    yield run.folder / WRITERS, is_run_mark
    if run.network.trained_here:
        yield from training_files(run.checkpoints, _places(run), run.digest)
    yield run.folder / CLAIMS_FILE, is_claims
    yield run.picture_so_far, is_picture
    yield from report_files(run.folder / "report")


def _of_another_study(run: Run) -> list[str]:
    """Name checkpoints of another study of ours, which this one's training would write over."""
    if not run.network.trained_here:
        return []
    files = training_files(run.checkpoints, _places(run), "")
    others = [
        path
        for path, is_ours in files
        if path.name != STATE and is_ours(path) and not is_checkpoint(path, run.digest)
    ]
    if not others:
        return []
    sentence = (
        f"output: {others[0]} is a checkpoint of a study with other settings ({len(others)} in all), and this one's training "
        "would write over it: move it away, choose another output, or run with --fresh to have it removed"
    )
    return [sentence]


def _places(run: Run) -> set[float]:
    return {*run.study.training_places, *run.epochs}


def training_files(
    folder: Path, places: Iterable[float], study: str
) -> Iterator[tuple[Path, Sign]]:
    """Yield the files that a training writes: the checkpoints at its ``places``, and its state.

    ``study``: digest that is in the files; where a link leads, the checkpoints of others are somebody's.
    """
    sign = partial(is_checkpoint, study=study if folder.is_symlink() else None)
    for place in sorted(places):
        yield epoch_path(folder, place), sign
    yield folder / STATE, is_training_state


def report_files(folder: Path) -> Iterator[tuple[Path, Sign]]:
    """Yield the files that a report is."""
    for name in PAGES:
        yield folder / name, is_page


def _sentences(field: str, paths: Sequence[object], choice: str = "output") -> list[str]:
    if not paths:
        return []
    more = f" and {len(paths) - MOST_NAMES} more" if paths[MOST_NAMES:] else ""
    names = ", ".join(map(str, paths[:MOST_NAMES])) + more
    it, they_are = ("it", "it is") if len(paths) == 1 else ("them", "they are")
    sentence = (
        f"{field}: {names} would be written over, though no run made {it} (or {they_are} damaged): move {it} away, or "
        f"choose another {choice}"
    )
    return [sentence]


def _no_folders(folder: Path, names: Iterable[str]) -> list[str]:
    """Name what is no folder where one is needed."""
    paths = [folder / name for name in names]
    return [
        f"output: {path} is no folder, and a run needs one of that name: move it away, or choose another output"
        for path in paths
        if os.path.lexists(path) and not path.is_dir()
    ]


def strangers(folder: Path, patterns: Iterable[str]) -> list[str]:
    """Name files of a run's names in a folder that no run has written to."""
    if is_run_folder(folder):
        return []
    return _sentences("output", sorted(path for name in patterns for path in folder.glob(name)))


def _in_the_atlas(at: Place, *, fresh: bool) -> list[str]:
    """Name what else lies where the atlas is, or is to be; one that goes on keeps it."""
    if exists(at) and not fresh:
        return []
    files = store_files(at)
    if files.names and not files.is_atlas:
        sentence = (
            f"{_field(at)}: {at} holds {files.names[0]}, and is no atlas that a run made (or too damaged to tell): move it "
            f"away, or choose another {_field(at)}"
        )
        return [sentence]
    return _sentences(_field(at), [f"{at}/{name}" for name in files.foreign], _field(at))


def _field(at: Place) -> str:
    return "atlas" if isinstance(at, Url) else "output"
