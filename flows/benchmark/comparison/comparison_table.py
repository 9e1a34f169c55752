"""The table of a comparison: each row beside its control, with the interval of their difference over seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, median

import numpy as np

from spikeatlas.flows.benchmark.comparison.comparison import NetworkComparison, Row
from spikeatlas.flows.benchmark.comparison.piece import Piece
from spikeatlas.tasks.analysis.intervals import over_seeds

UNITS = "units"
"""Heading of what is left of each hidden layer, where a row cuts some out."""
HEADINGS = (
    "network",
    "accuracy",
    "active",
    "Hoyer",
    "steps / s",
    "loop's",
    "ratio",
    "difference to its controls, points",
)


def comparison_table(comparison: NetworkComparison, pieces: Sequence[Piece]) -> str:
    """Return a Markdown table, a row for each network that has numbers."""
    table = {row.name: {p.seed: p for p in pieces if p.row == row.name} for row in comparison.rows}
    conditions = tuple(dict.fromkeys(name for piece in pieces for name in piece.robust))
    units = (UNITS,) if comparison.cuts else ()
    headings = (*HEADINGS[:2], *conditions, *units, *HEADINGS[2:])
    lines = ["| " + " | ".join(headings) + " |", "| " + " | ".join("---" for _ in headings) + " |"]
    rows = [row for row in comparison.rows if table[row.name]]
    return "\n".join(
        [
            *lines,
            *("| " + " | ".join(_cells(row, table, conditions, units)) + " |" for row in rows),
        ]
    )


def _cells(
    row: Row,
    table: Mapping[str, Mapping[int, Piece]],
    conditions: Sequence[str],
    units: Sequence[str],
) -> Iterator[str]:
    pieces = list(table[row.name].values())
    accuracies = [piece.accuracy for piece in pieces]
    yield row.name
    yield f"{mean(accuracies):.3f} ({', '.join(f'{value:.3f}' for value in accuracies)})"
    for name in conditions:
        yield f"{mean(piece.robust.get(name, float('nan')) for piece in pieces):.3f}"
    if units:
        yield _units(pieces)
    yield f"{mean(_overall(piece.active) for piece in pieces):.3f}"
    yield f"{mean(_overall(piece.sparsity) for piece in pieces):.2f}"
    fast, slow = (
        median(getattr(piece, name) for piece in pieces)
        for name in ("steps_a_second", "loop_steps_a_second")
    )
    yield f"{fast:.1f}"
    yield f"{slow:.1f}"
    yield f"{median(piece.steps_a_second / piece.loop_steps_a_second for piece in pieces):.1f}x"
    yield "; ".join(
        _difference(row, control, margin, table) for control, margin in row.controls.items()
    )


def _units(pieces: Sequence[Piece]) -> str:
    """Say how many units each hidden layer is left with, on average over seeds, shallow to deep."""
    means = {
        name: mean(piece.units.get(name, float("nan")) for piece in pieces)
        for name in pieces[0].units
    }
    return ", ".join(f"{count:.0f}" for count in means.values())


def _overall(values: Mapping[str, float]) -> float:
    return float(np.nanmean(list(values.values()))) if values else float("nan")


def _difference(
    row: Row, control: str, margin: float, table: Mapping[str, Mapping[int, Piece]]
) -> str:
    """Say the difference to a control with its interval, and whether that lies within the margin."""
    pieces, others = table[row.name], table[control]
    differences = [
        100 * (pieces[seed].accuracy - others[seed].accuracy) for seed in pieces if seed in others
    ]
    if len(differences) < 2:
        return f"{control} {', '.join(f'{value:+.2f}' for value in differences)}".strip()
    effect, low, high = over_seeds(np.array(differences))
    verdict = "within" if low >= -margin else "NOT within"
    return f"{control} {effect:+.2f} ({low:+.2f} to {high:+.2f}), {verdict} {margin:g}"
