"""Making the store of a run: whole before any work, or grown by what its study asks for beyond it."""

from __future__ import annotations

from dataclasses import replace

from spikeatlas.tasks.atlas import read, write
from spikeatlas.tasks.atlas.agree import agree
from spikeatlas.tasks.atlas.provenance import attributes, provenance
from spikeatlas.tasks.atlas.schema import Layout
from spikeatlas.tasks.atlas.store import (
    create,
    exists,
    extend,
    layout_of,
    open_store,
    study_of,
    values,
)
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study


def allocate(run: Run, layout: Layout, images: str) -> Run:
    """Create the store, or agree with the one that is there and add what epochs and repeats it lacks.

    ``images``: the data set's digest (hex). Returns the run under the digest that the store, and the
    checkpoints beside it, know the study by.
    """
    if not exists(run.atlas):
        create(run.atlas, layout, attributes(run, layout), provenance(run, images))
        return run
    agree(run, images)
    root = open_store(run.atlas)
    _extend_epochs(run, layout_of(root), layout)
    before = Study.model_validate(study_of(root))
    merged = merge(before, run.study)
    if merged != before:
        write.note(run.atlas, "", {"study": merged.model_dump_json()})
    for block in repeats_to_add(run):
        write.clear_epoch(run.atlas, block.epoch)
        write.plan_repeats(run.atlas, block, run.repeats(block.epoch))
    return replace(run, digest=str(root.attrs["study_digest"]))


def _extend_epochs(run: Run, before: Layout, layout: Layout) -> None:
    epochs = tuple(sorted({*before.epochs, *layout.epochs}))
    if epochs != before.epochs:
        extend(run.atlas, before, Layout(**{**vars(before), "epochs": epochs}))


def repeats_to_add(run: Run) -> list[Block]:
    """Return the blocks of which the study now asks for more repeats than when they were searched."""
    epochs = values(open_store(run.atlas), "epoch")
    return [
        block
        for epoch in run.epochs
        if epoch in epochs
        for block in read.unplanned(run.atlas, run.blocks(epoch), run.repeats(epoch))
    ]


def merge(before: Study, study: Study) -> Study:
    """Return the study that made an atlas, with the epochs that ``study`` repeats more, or ablates, beside its own."""
    repeats = {**(before.search.repeats_at or {}), **(study.search.repeats_at or {})}
    ablation = tuple(sorted({*before.analysis.ablation, *study.analysis.ablation}))
    return before.model_copy(
        update={
            "search": replace(before.search, repeats_at=repeats or None),
            "analysis": replace(before.analysis, ablation=ablation),
        }
    )
