"""The figure of what was measured, robustness.png: a row an epoch, the warning below."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from itertools import cycle
from pathlib import Path
from textwrap import fill

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeatlas.snn.atomic import write_picture
from spikeatlas.snn.robustness import MASKED_GRADIENTS
from spikeatlas.tasks.report.figures import COLOURS, MARKERS, STYLE
from spikeatlas.tasks.robustness.robustness_record import Entry
from spikeatlas.tasks.robustness.robustness_table import TITLES, row_name

FILE = "robustness.png"
LETTERS = 150
"""Of a line of the warning."""


def draw_robustness(epochs: Sequence[Sequence[Entry]], path: Path) -> None:
    """Draw the measurements of some epochs to a PNG file. FileExistsError where that is no picture."""
    with rc_context({**STYLE, "text.parse_math": False}):
        figure = Figure(figsize=(13, 3.1 * len(epochs) + 0.9), layout="constrained")
        grid = figure.subplots(len(epochs), 4, squeeze=False)
        for row, entries in zip(grid, epochs, strict=True):
            _draw_epoch(row, entries)
        figure.supxlabel(fill(MASKED_GRADIENTS, LETTERS), fontsize=8, x=0.01, ha="left")
        content = BytesIO()
        figure.savefig(content, format="png", dpi=110)
    write_picture(path, content.getvalue())


def _draw_epoch(row: Sequence[Axes], entries: Sequence[Entry]) -> None:
    accuracies = [entry for entry in entries if entry["what"] == "accuracy"]
    clean = [entry for entry in accuracies if entry["attack"] is None]
    for axes, scale in zip(row, TITLES, strict=False):
        attacks = [entry for entry in accuracies if entry["scale"] == scale]
        _draw_attacks(axes, [*clean, *attacks] if attacks else [])
        axes.set(xlabel=TITLES[scale], ylim=(0, 1.02))
    row[0].set_ylabel(f"epoch {entries[0]['epoch']:g}: accuracy" if entries else "accuracy")
    _draw_layers(row[3], [entry for entry in entries if entry["what"] == "layers"])


def _draw_attacks(axes: Axes, entries: Sequence[Entry]) -> None:
    """Draw accuracy by strength, a line an attack, each from the clean images on."""
    clean = [(0.0, entry) for entry in entries if entry["attack"] is None]
    marks = zip(cycle(COLOURS), cycle(MARKERS), strict=False)
    names = dict.fromkeys(row_name(entry) for entry in entries if entry["attack"] is not None)
    for name, (colour, marker) in zip(names, marks, strict=False):
        mine = [(e["strength"], e) for e in entries if e["attack"] and row_name(e) == name]
        points = sorted([*clean, *mine], key=lambda point: point[0])
        heights = [entry["accuracy"] for _, entry in points]
        bounds = [
            [max(entry["accuracy"] - entry["low"], 0) for _, entry in points],
            [max(entry["high"] - entry["accuracy"], 0) for _, entry in points],
        ]
        axes.errorbar(
            [strength for strength, _ in points],
            heights,
            bounds,
            color=colour,
            marker=marker,
            elinewidth=0.7,
            label=name,
        )
    if names:
        axes.legend(fontsize=6)


def _draw_layers(axes: Axes, entries: Sequence[Entry]) -> None:
    """Draw each layer's signal-to-noise ratio by level of noise, its name with its Hoyer sparseness."""
    levels = sorted(entries, key=lambda entry: entry["noise"])
    names = list(levels[0]["layers"]) if levels else []
    for name, colour, marker in zip(names, cycle(COLOURS), cycle(MARKERS), strict=False):
        rows = [(entry["noise"], entry["layers"][name]) for entry in levels]
        points = [(noise, row["snr"]) for noise, row in rows if row["snr"] is not None]
        sparseness = rows[0][1]["hoyer"]
        hoyer = "undefined" if sparseness is None else f"{sparseness:.2f}"
        axes.plot(
            [noise for noise, _ in points],
            [ratio for _, ratio in points],
            color=colour,
            marker=marker,
            label=f" {name}, Hoyer {hoyer}",
        )
    axes.set(xlabel="noise, by its standard deviation", ylabel="SNR of a layer, dB")
    if names:
        axes.legend(fontsize=6)
