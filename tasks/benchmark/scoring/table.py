"""The table in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from spikeatlas.tasks.benchmark.scoring.method_lines import MethodLine
from spikeatlas.tasks.benchmark.scoring.target_row import TargetRow

LISTED = 12
"""Losing cases named in full; the others are counted."""


def target_table(rows: Sequence[TargetRow]) -> str:
    """Return the targets, one a row, and below the cases that fall short."""
    head = ("target", "wanted", "value", "95 % interval", "met", "by layer", "note")
    table = [
        (
            row.target,
            row.goal,
            number(row.value),
            span(row.low, row.high),
            _met(row),
            ", ".join(f"{name} {number(value)}" for name, value in row.layers.items()),
            row.note,
        )
        for row in rows
    ]
    losing = [f"- {row.target}: {_cases(row.losing)}" for row in rows if row.losing]
    shortfalls = ["", "Falls short:", "", *losing] if losing else []
    return "\n".join([markdown(head, table), *shortfalls])


def method_table(lines: Sequence[MethodLine], subject: str) -> str:
    """Return the methods, one a line, held against a ``subject``."""
    head = (
        "method",
        "share",
        "class",
        "median response / best",
        "95 % interval",
        "AUC",
        "images to the reference's level",
        "failures",
        "ms an image",
        "of it the method's",
        f"{subject} wins/ties/losses",
        "networks won",
    )
    return markdown(head, [_cells(line) for line in lines])


def _cells(line: MethodLine) -> tuple[str, ...]:
    against = line.comparison if line.comparison and line.comparison.total else None
    return (
        line.label,
        "on" if line.share else "off",
        line.knowledge,
        number(line.normalised),
        span(line.low, line.high),
        number(line.auc),
        number(line.reached),
        str(line.failures),
        f"{1e3 * line.seconds:.2f}",
        f"{1e3 * line.own_seconds:.2f}",
        "/".join(map(str, against)) if against else "-",
        "{} of {}".format(*line.networks) if against else "-",
    )


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown, to be read in a terminal of any width and put into the docs as it is."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Return a value in few figures."""
    if np.isnan(value):
        return "-"
    if np.isinf(value):
        return "never"
    return f"{value:.0f}" if value >= 20 else f"{value:.2f}"


def span(low: float, high: float) -> str:
    """Return an interval."""
    return "-" if np.isnan(low) else f"{number(low)} to {number(high)}"


def _met(row: TargetRow) -> str:
    return "-" if row.met is None else "yes" if row.met else "NO"


def _cases(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
