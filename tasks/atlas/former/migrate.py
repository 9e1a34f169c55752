"""Migration: an atlas of an older version becomes one of today, with which its study goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from spikeatlas.snn.data import DataSpec, Split, load_data
from spikeatlas.tasks.atlas import integrity
from spikeatlas.tasks.atlas.consolidated import consolidate
from spikeatlas.tasks.atlas.errors import AtlasError
from spikeatlas.tasks.atlas.extend import exchange
from spikeatlas.tasks.atlas.former.renew import renew
from spikeatlas.tasks.atlas.locking.lock import coordinator
from spikeatlas.tasks.atlas.open import (
    SCHEMA_VERSION,
    layout_of,
    open_as_is,
    open_store,
    study_of,
    version_of,
)
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.atlas.ownership.store_files import require_pure
from spikeatlas.tasks.study.location import Place, Url, beside
from spikeatlas.tasks.study.run import Run

SHOWN = 5
"""Sentences on damage that are said."""


def migrate(path: Place) -> list[str]:
    """Make the atlas at ``path`` one of today's version, in its place; return what was done, in sentences.

    The new tree is built beside the old one and the two are swapped: a kill leaves the old or the new one, whole.
    Raises AtlasError for a damaged atlas, for one in which somebody keeps other
    files, and for one in an object store, which cannot exchange two trees.
    """
    if _is_current(path):
        return [f"{path} has schema version {SCHEMA_VERSION}, this program's own: nothing to do"]
    if isinstance(path, Url):
        message = (
            f"{path} cannot be migrated where it is, for an object store cannot exchange two trees: copy it to a "
            "folder named atlas.zarr, migrate that, and copy it back"
        )
        raise AtlasError(message)
    with coordinator(path.absolute().parent):
        if _is_current(path):
            return [f"{path} has been migrated by another process"]
        require_pure(path)
        run = run_of_atlas(path)
        _refuse_damage(run)
        images, reason = test_images(
            run.data, str(open_store(path)["provenance"].attrs["data_digest"])
        )
        building = beside(path, "migrated")
        shutil.rmtree(building, ignore_errors=True)
        renew(path, building, images)
        consolidate(building)
        exchange(building, path)
    return [f"{path} has schema version {SCHEMA_VERSION} now", *_outcome(run), *reason]


def _is_current(path: Place) -> bool:
    return version_of(open_as_is(path)) == SCHEMA_VERSION


def _refuse_damage(run: Run) -> None:
    problems = integrity.metadata_damage(run.atlas) or list(_chunk_damage(run))
    if problems:
        message = "\n".join(
            [
                f"{run.atlas} is damaged, so it stays as it is: restore it, and migrate it then",
                *problems[:SHOWN],
                *([f"and {len(problems) - SHOWN} problems more"] if problems[SHOWN:] else []),
            ]
        )
        raise AtlasError(message)


def _chunk_damage(run: Run) -> Iterator[str]:
    yield from integrity.whole_damage(run.atlas)
    for epoch in run.epochs:
        for problem in integrity.epoch_damage(run.atlas, epoch):
            yield f"epoch={epoch:g} {problem}"
        for block in run.blocks(epoch):
            try:
                ended = integrity.committed(run.atlas, block)
            except ValueError as error:
                yield f"epoch={epoch:g} layer={block.layer}: status cannot be read: {error}"
                continue
            for problem in integrity.block_damage(run.atlas, block) if ended else ():
                yield f"epoch={epoch:g} layer={block.layer}: {problem}"


def test_images(spec: DataSpec, digest: str) -> tuple[Split | None, list[str]]:
    """Load the test images that an atlas was made from; none, and why, where they are not on this machine."""
    try:
        data = load_data(spec.offline())
    except (OSError, ValueError) as error:
        return None, [f"it has no test images, for they cannot be loaded on this machine: {error}"]
    if data.digest() != digest:
        return None, [
            "it has no test images, for those on this machine are not the ones it was made from"
        ]
    return data.test, []


def _outcome(run: Run) -> list[str]:
    """Say what the next run of the study measures."""
    crossed = layout_of(open_store(run.atlas)).cross
    others = "answers to other neurons' images, " if crossed else ""
    study = study_of(open_store(run.atlas))["output"]
    measures = (
        f"the next `spikeatlas run` of its study (output: {study}) measures what is new, and searches nothing again: "
        f"answers to blank images, {others}and the best known image of each neuron"
    )
    return ["all results are in it, under today's names (docs/atlas.md, older versions)", measures]
