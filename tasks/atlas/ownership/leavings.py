"""The leavings of earlier runs in a study's folder, which ``--fresh`` removes: file by file, what can be told to be ours.

A trained generator stays, for its name says what made it, as does whatever the study itself reads.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spikeatlas.snn.subjects import Source
from spikeatlas.snn.training import STATE, list_epochs
from spikeatlas.tasks.atlas.ownership.signatures import (
    is_checkpoint,
    is_claims,
    is_page,
    is_training_state,
)
from spikeatlas.tasks.atlas.ownership.store_files import store_files
from spikeatlas.tasks.study.location import Place, Url, beside
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.run_files import CLAIMS_FILE, PAGES


@dataclass(frozen=True)
class Leavings:
    """An atlas and files beside it that runs of ours made."""

    atlas: Place | None
    """None where there is none of ours."""
    files: tuple[Path, ...]

    def __str__(self) -> str:
        """Name them as a sentence does: each folder with its number of files."""
        names = [] if self.atlas is None else [str(self.atlas)]
        for folder, count in Counter(path.parent for path in self.files).items():
            first = next(path for path in self.files if path.parent == folder)
            names.append(str(first) if count == 1 else f"{count} files of ours in {folder}")
        *most, last = names or ["nothing"]
        return f"{', '.join(most)} and {last}" if most else last


def leavings(run: Run, source: Source) -> Leavings:
    """List what ``--fresh`` removes; ``source``: the epochs of the run's network."""
    at = run.atlas
    inputs = _inputs(run, source)
    return Leavings(
        at if store_files(at).is_atlas else None,
        tuple(path for path in _candidates(run) if not _is_read(path, inputs)),
    )


def discard(remains: Leavings) -> None:
    """Remove them, and the folders of ours that are empty then."""
    if remains.atlas is not None:
        remove(remains.atlas)
    for path in remains.files:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in remains.files if path.name != CLAIMS_FILE}:
        if not folder.is_symlink() and not any(folder.iterdir()):
            folder.rmdir()


def remove(at: Place) -> None:
    """Remove an atlas of ours: a folder at once, however long that takes."""
    if isinstance(at, Url):
        import obstore  # noqa: PLC0415 - an optional package

        obstore.delete(at.below, list(store_files(at).names))
        return
    going = beside(at, "discarded")
    shutil.rmtree(going, ignore_errors=True)
    at.replace(going)
    shutil.rmtree(going)


def _candidates(run: Run) -> Iterable[Path]:
    """Yield the files that are ours by their names and by their contents."""
    report = run.folder / "report"
    if _is_plain(run.checkpoints):
        yield from filter(is_checkpoint, list_epochs(run.checkpoints).values())
        yield from filter(is_training_state, [run.checkpoints / STATE])
    if _is_plain(report):
        yield from filter(is_page, [report / name for name in PAGES])
    yield from filter(is_claims, [run.folder / CLAIMS_FILE])


def _is_plain(folder: Path) -> bool:
    """Tell a folder from a link to one, which leads to where no run may have been."""
    return folder.is_dir() and not folder.is_symlink()


def _inputs(run: Run, source: Source) -> set[Path]:
    """Return the files and folders that the study reads, links followed."""
    named = [run.data.root, run.generator.checkpoint, *run.network.paths.values()]
    if not run.network.trained_here:
        named += source.epochs().values()
    return {path.resolve() for path in (*named, *run.generator.sources) if path is not None}


def _is_read(path: Path, inputs: set[Path]) -> bool:
    """Tell a file that the study reads, itself or as one of a folder."""
    return not inputs.isdisjoint({path.resolve(), path.parent.resolve()})
