"""The places that a study, a benchmark or a report may use, on a host that takes them from others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spikeatlas.snn.allowed_places import path_problem, scheduler_problem, url_problem
from spikeatlas.tasks.study.location import Place
from spikeatlas.tasks.study.setup import Setup
from spikeatlas.tasks.study.study import Study, StudyError


def outside(setup: Setup) -> list[str]:
    """Name what a study or a benchmark must not use on this host: paths, links followed, a URL, a scheduler.

    Nothing is read, and nobody is asked, to know that. ``SPIKEATLAS_ROOTS``: folders, separated as in PATH; without
    it all is allowed.
    """
    return [f"{field}: {problem}" for field, problem in _problems(setup) if problem is not None]


def require_within(setup: Setup) -> None:
    """Raise StudyError with a sentence for each place that is not allowed."""
    problems = outside(setup)
    if problems:
        raise StudyError(problems)


def require_report_within(atlas: Place, folder: Path) -> None:
    """Raise StudyError for an atlas or a report's folder that is not allowed."""
    source = path_problem(atlas) if isinstance(atlas, Path) else url_problem(str(atlas))
    problems = {"atlas": source, "folder": path_problem(folder)}
    sentences = [f"{field}: {problem}" for field, problem in problems.items() if problem]
    if sentences:
        raise StudyError(sentences)


def _problems(setup: Setup) -> Iterator[tuple[str, str | None]]:
    """Yield each place by its field, with what is wrong with it."""
    for field, path in _paths(setup).items():
        yield field, path_problem(path)
    if isinstance(setup, Study):
        if setup.atlas is not None:
            yield "atlas", url_problem(setup.atlas)
        if setup.runner.address is not None:
            yield "runner.address", scheduler_problem(setup.runner.address)


def _paths(setup: Setup) -> dict[str, Path]:
    """Return every path by its field."""
    paths = {
        "output": setup.output,
        "data.root": setup.data.root,
        "generator.checkpoint": setup.generator.checkpoint,
        **setup.network.paths,
    }
    return {field: path for field, path in paths.items() if path is not None}
