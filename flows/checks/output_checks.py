"""Checks of where a study writes and works: URL, folder, disk, workers, and the atlas that is there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import NamedTemporaryFile

from spikeatlas.flows.runners import cluster
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.sentences import caught
from spikeatlas.snn.subjects import Source
from spikeatlas.tasks.atlas import Layout, exists, size_of
from spikeatlas.tasks.atlas.agree import agree
from spikeatlas.tasks.study.location import Url, try_store
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study

SPARE = 64 * 2**20
"""Bytes left free beyond the estimate: checkpoints, the generator, Prefect's database, the report."""


def url_problems(study: Study) -> list[str]:
    """Name an atlas where none can be, or which the workers cannot reach."""
    atlas = study.atlas
    return [] if atlas is None else caught("atlas", lambda: Url(atlas)) + _memory_problems(study)


def remote_problems(run: Run) -> list[str]:
    """Name an object store that cannot be read or written: tried."""
    atlas = run.atlas
    return caught("atlas", lambda: try_store(atlas)) if isinstance(atlas, Url) else []


def output_problems(run: Run, layout: Layout) -> list[str]:
    """Name a folder that cannot be written, or one without room, and workers that cannot work there."""
    runner = run.study.runner
    return _folder_problems(run, layout) or cluster.problems(
        runner.kind, runner.address, _nearest(run.folder)
    )


def folder_problems(folder: Path) -> list[str]:
    """Name a folder that cannot be written, or made: tried, for mode bits say little, and nothing is left there."""
    place = _nearest(folder)
    try:
        with NamedTemporaryFile(dir=place, prefix=".writable-"):
            pass
    except NotADirectoryError:
        return [
            f"output: {place} is no folder, so {folder} cannot be written; choose another output"
        ]
    except OSError as error:
        return [
            f"output: {folder} cannot be written ({error.strerror}); choose a folder on a writable disk"
        ]
    return []


def _nearest(folder: Path) -> Path:
    """Return the folder, or the deepest one above it that there is: nothing is made to check a study."""
    return next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))


def _folder_problems(run: Run, layout: Layout) -> list[str]:
    """Name a folder that cannot be written, or one without room."""
    folder = run.folder
    problems = folder_problems(folder)
    if problems:
        return problems
    needed = (size_of(layout) if run.store is None else 0) + SPARE
    free = shutil.disk_usage(_nearest(folder)).free
    if free >= needed:
        return []
    message = (
        f"output: the atlas may take {needed / 1e6:,.0f} MB, but {folder} has "
        f"{free / 1e6:,.0f} MB free; free some, or choose another disk"
    )
    return [message]


def _memory_problems(study: Study) -> list[str]:
    """Name workers that do not share the memory of this process, where the atlas is in it."""
    kind = study.runner.kind
    if kind in ("auto", "threads") or not (study.atlas or "").startswith("memory://"):
        return []
    message = (
        f"runner.kind: {kind} cannot write to {study.atlas}, which is the memory of one process: set kind: threads, or "
        "choose an atlas in a folder or in s3://"
    )
    return [message]


def atlas_problems(run: Run, source: Source, data: DataSet) -> list[str]:
    """Name an atlas that another study or a newer version made, or that is damaged."""
    if not exists(run.atlas):
        return []
    return caught(str(run.atlas), lambda: agree(run, source, data.digest()))
