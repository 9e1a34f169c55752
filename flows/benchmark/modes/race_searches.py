"""The race of searches that a file describes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from spikeatlas.flows.benchmark.racing.bench import parse
from spikeatlas.flows.benchmark.racing.race import search_benchmark
from spikeatlas.flows.study_file import read_study


def race_searches(
    bench: Path,
    overrides: Sequence[str] = (),
    *,
    plan: bool = False,
    table: bool = False,
    figure: Path | None = None,
) -> Iterator[str]:
    """Race searches as a file says; ``plan`` or ``table``: yield that alone."""
    only = "plan" if plan else "table" if table else None
    return search_benchmark(parse(read_study(bench, overrides)), only, figure)
