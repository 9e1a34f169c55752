"""The table of a comparison: each row beside its control, with the interval of their difference over seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import mean, median

import numpy as np

from spikeatlas.flows.benchmark.comparison.comparison import NetworkComparison, Row
from spikeatlas.flows.benchmark.comparison.piece import Piece
from spikeatlas.snn.networks import NetworkSpec, layer_sizes
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


BARS = ("least", "reported")
"""Columns beside the accuracy, where any row has one."""


def comparison_table(comparison: NetworkComparison, pieces: Sequence[Piece]) -> str:
    """Return a Markdown table, a row for each network that has numbers; a second one of gaps under noise and attacks."""
    table = {row.name: {p.seed: p for p in pieces if p.row == row.name} for row in comparison.rows}
    conditions = tuple(dict.fromkeys(name for piece in pieces for name in piece.robust))
    bars = [name for name in BARS if any(getattr(row, name) is not None for row in comparison.rows)]
    units = (UNITS,) if comparison.cuts else ()
    headings = (*HEADINGS[:2], *bars, *conditions, *units, *HEADINGS[2:])
    rows = [row for row in comparison.rows if table[row.name]]
    cells = [
        headings,
        ["---"] * len(headings),
        *(list(_cells(row, table, bars, conditions, units)) for row in rows),
    ]
    controlled = [row for row in rows if row.controls]
    if not conditions or not controlled:
        return _lines(cells)
    return f"{_lines(cells)}\n\n{_lines(list(_gaps(controlled, table, conditions)))}"


def _lines(cells: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _gaps(
    rows: Sequence[Row], table: Mapping[str, Mapping[int, Piece]], conditions: Sequence[str]
) -> Iterator[Sequence[str]]:
    """Yield the rows of a table of differences to controls under each condition, points, with their intervals over seeds."""
    head = ("gap to a control, points", "control", *conditions)
    yield from (head, ["---"] * len(head))
    for row in rows:
        for control in row.controls:
            pair = table[row.name], table[control]
            yield (
                row.name,
                control,
                *(_gap(_paired(*pair, _accuracy_under(name))) for name in conditions),
            )


def _accuracy_under(condition: str) -> Callable[[Piece], float]:
    def accuracy(piece: Piece) -> float:
        return piece.robust.get(condition, float("nan"))

    return accuracy


def _paired(
    pieces: Mapping[int, Piece], others: Mapping[int, Piece], value: Callable[[Piece], float]
) -> list[float]:
    """Differences in points, seed by seed, of those that both have."""
    return [100 * (value(pieces[seed]) - value(others[seed])) for seed in pieces if seed in others]


def _gap(differences: Sequence[float]) -> str:
    if len(differences) < 2:
        return ", ".join(f"{value:+.2f}" for value in differences)
    effect, low, high = over_seeds(np.array(differences))
    return f"{effect:+.2f} ({low:+.2f} to {high:+.2f})"


def _cells(
    row: Row,
    table: Mapping[str, Mapping[int, Piece]],
    bars: Sequence[str],
    conditions: Sequence[str],
    units: Sequence[str],
) -> Iterator[str]:
    pieces = list(table[row.name].values())
    accuracies = [piece.accuracy for piece in pieces]
    yield row.name
    yield f"{mean(accuracies):.3f} ({', '.join(f'{value:.3f}' for value in accuracies)})"
    for name in bars:
        yield _bar(name, getattr(row, name), mean(accuracies))
    for name in conditions:
        yield f"{mean(map(_accuracy_under(name), pieces)):.3f}"
    if units:
        yield _units(row, pieces)
    yield f"{mean(_overall(piece.active) for piece in pieces):.3f}"
    yield f"{mean(_overall(piece.sparsity) for piece in pieces):.2f}"
    yield _median(piece.steps_a_second for piece in pieces)
    yield _median(piece.loop_steps_a_second for piece in pieces)
    yield _median(map(_ratio, pieces), "x")
    yield "; ".join(
        _difference(row, control, margin, table) for control, margin in row.controls.items()
    )


def _bar(name: str, value: float | None, accuracy: float) -> str:
    """Say an accuracy that stands beside ours; of a bar, whether ours reaches it."""
    if value is None:
        return ""
    if name != "least":
        return f"{value:.3f}"
    return f"{value:.3f}, {'reached' if accuracy >= value else 'NOT reached'}"


def _ratio(piece: Piece) -> float | None:
    fast, slow = piece.steps_a_second, piece.loop_steps_a_second
    return None if fast is None or slow is None else fast / slow


def _median(values: Iterable[float | None], unit: str = "") -> str:
    """Return the median of those that were measured; nothing where none was."""
    numbers = [value for value in values if value is not None]
    return f"{median(numbers):.1f}{unit}" if numbers else ""


def _units(row: Row, pieces: Sequence[Piece]) -> str:
    """Say how many units each hidden layer is left with, on average over seeds, shallow to deep; and whether few enough."""
    means = {
        name: mean(piece.units.get(name, float("nan")) for piece in pieces)
        for name in pieces[0].units
    }
    parts = ", ".join(f"{count:.0f}" for count in means.values())
    network = row.spec.architecture
    if row.most_units is None or not isinstance(network, NetworkSpec):
        return parts
    sizes = layer_sizes(network, classes=1)
    share = sum(means.values()) / sum(sizes[name] for name in means)
    verdict = "reached" if share <= row.most_units else "NOT reached"
    return f"{parts}: {share:.0%}, at most {row.most_units:.0%} {verdict}"


def _overall(values: Mapping[str, float]) -> float:
    return float(np.nanmean(list(values.values()))) if values else float("nan")


def _difference(
    row: Row, control: str, margin: float, table: Mapping[str, Mapping[int, Piece]]
) -> str:
    """Say the difference to a control with its interval, and whether that lies within the margin."""
    differences = _paired(table[row.name], table[control], lambda piece: piece.accuracy)
    gap = f"{control} {_gap(differences)}".strip()
    if len(differences) < 2:
        return gap
    _, low, _ = over_seeds(np.array(differences))
    return f"{gap}, {'within' if low >= -margin else 'NOT within'} {margin:g}"
