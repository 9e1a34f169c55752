"""A study in a bare loop of its units of work, without Prefect, and the time that it spends in the store."""

from __future__ import annotations

import cProfile
from pathlib import Path
from types import CodeType

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks import atlas as store
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.report import write_report
from spikeatlas.tasks.stages.analyze import analyze
from spikeatlas.tasks.stages.blank import show_blanks
from spikeatlas.tasks.stages.conclude import conclude
from spikeatlas.tasks.stages.know import know
from spikeatlas.tasks.stages.maximize import search_together
from spikeatlas.tasks.stages.observe import observe
from spikeatlas.tasks.stages.screen import screen
from spikeatlas.tasks.stages.train import (
    record_training,
    train_generator,
    train_network,
    train_prior,
)
from spikeatlas.tasks.study.run import Run


def train(run: Run) -> None:
    """Train what a study needs, unless that is done."""
    train_generator(run)
    train_prior(run)
    train_network(run)


def make_atlas(checked: Checked) -> int:
    """Do all that the flow does of a trained study without cross-responses; returns the number of blocks."""
    run = allocate(checked.run, checked.layout, checked.data, checked.source)
    record_training(run)
    for epoch in run.epochs:
        observe(run, epoch)
        show_blanks(run, epoch)
        screen(run, epoch)
        for pool in run.pools(epoch):
            search_together(run, pool, pool)
    for epoch in run.epochs:
        analyze(run, epoch)
        know(run, epoch)
    conclude(run.atlas)
    write_report(run.atlas, run.folder / "report")
    return sum(len(run.blocks(epoch)) for epoch in run.epochs)


def seconds_in_store(checked: Checked) -> float:
    """Make the atlas under Python's profiler; returns the seconds spent in the functions of ``tasks/atlas``.

    The loop takes a little longer so: compare its own time with nothing.
    """
    profile = cProfile.Profile(builtins=False)
    profile.runcall(make_atlas, checked)
    return seconds_below(profile, Path(store.__file__).resolve().parent)


def seconds_below(profile: cProfile.Profile, folder: Path) -> float:
    """Return the seconds in calls that enter a folder's files from elsewhere: calls among them count once."""

    def inside(code: str | CodeType) -> bool:
        return isinstance(code, CodeType) and folder in Path(code.co_filename).resolve().parents

    return sum(
        call.totaltime
        for function in profile.getstats()
        if not inside(function.code)
        for call in function.calls or ()
        if inside(call.code)
    )
