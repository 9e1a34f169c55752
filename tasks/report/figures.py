"""The report's curves: matplotlib drawings as SVG that stands inside the page.

Drawn without pyplot and with a fixed salt for ids, so that the same atlas gives the same bytes. Colours
are Okabe and Ito's, told apart by colour-blind readers, each with its own marker besides.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from textwrap import wrap
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from spikeatlas.tasks.report.anchors import anchor
from spikeatlas.tasks.report.averages import Array

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("--", ":")
GREY = "#555555"
LINE = 27
"""Letters of a vertical axis's name that have room beside it."""
STYLE: Any = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "grid.color": "#e3e3e3",
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "legend.handlelength": 1.6,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.0,
    "legend.borderpad": 0.1,
    "svg.fonttype": "none",
    # a $ in the name of a layer begins no formula
    "text.parse_math": False,
    "svg.hashsalt": "spikeatlas",
}


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve."""

    label: str
    y: Array
    band: tuple[Array, Array] | None = None
    """Lower and upper quartile."""
    partial: Array | None = None
    """Points that rest on a part of the neurons only: drawn hollow."""


@dataclass(frozen=True, eq=False)
class XAxis:
    """The horizontal axis."""

    label: str
    values: Array
    ticks: Array
    scale: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of ``Axes.set_xscale``; empty: linear."""


def epoch_axis(epochs: Array) -> XAxis:
    """Epochs: linear where they are about evenly spaced, else logarithmic from the first one on."""
    gaps = np.diff(epochs)
    if not gaps.size or gaps.max() <= 3 * gaps.min():
        return XAxis("epoch", epochs, thinned(epochs, epochs))
    first = float(epochs[epochs > 0][0])
    scale = {"value": "symlog", "linthresh": first, "linscale": 0.5}
    return XAxis("epoch (log scale)", epochs, thinned(epochs, np.arcsinh(epochs / first)), scale)


def image_axis(queries: Array) -> XAxis:
    """Numbers of images, logarithmic, with the decades and the budget as ticks."""
    decades = 10.0 ** np.arange(np.ceil(np.log10(queries[-1])))
    ticks = np.array([*decades, queries[-1]])
    return XAxis(
        "images shown per neuron", queries, thinned(ticks, np.log(ticks), most=7), {"value": "log"}
    )


def thinned(ticks: Array, places: Array, most: int = 11) -> Array:
    """The ticks that leave room for their labels, the last one always among them."""
    room = (places[-1] - places[0]) / most
    rows = [len(ticks) - 1]
    for tick in range(len(ticks) - 2, -1, -1):
        if places[rows[-1]] - places[tick] >= room:
            rows.append(tick)
    return ticks[rows[::-1]]


def chart(
    name: str,
    x: XAxis,
    lines: Sequence[Curve],
    *,
    label: str,
    top: float | None = None,
    references: Mapping[str, float] | None = None,
    width: float = 3.1,
) -> Markup:
    """One drawing, ``width`` inches wide, whose ids begin with ``name`` (``anchor``); it says if there is nothing to draw.

    ``label`` names the vertical axis, ``top`` ends it (None: the data do); ``references``: grey levels.
    """
    levels = {text: level for text, level in (references or {}).items() if np.isfinite(level)}
    with style.context(["default", STYLE]):
        figure = Figure(figsize=(width, 2.7), layout="constrained")
        axes = figure.add_subplot()
        _dress(axes, x, label)
        for place, line in enumerate(lines):
            _draw(axes, x, line, place)
        for (text, level), dash in zip(levels.items(), cycle(DASHES), strict=False):
            axes.axhline(level, color=GREY, linestyle=dash, linewidth=1.2, label=text)
        _limit(axes, lines, list(levels.values()), top)
        _legend(figure, axes, width)
        return _svg(figure, name)


def scatter(
    name: str,
    x: Array,
    y: Array,
    *,
    labels: tuple[str, str],
    top: float | None = None,
    level: float | None = None,
    width: float = 3.1,
) -> Markup:
    """Marks at (x, y), whose ids begin with ``name``; ``labels`` of both axes, ``top``: end of the vertical one.

    ``level``: a dashed grey line. Marks that are not finite are left out.
    """
    finite = np.isfinite(x) & np.isfinite(y)
    with style.context(["default", STYLE]):
        figure = Figure(figsize=(width, 2.7), layout="constrained")
        axes = figure.add_subplot()
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        axes.scatter(
            x[finite], y[finite], s=14, color=COLOURS[0], alpha=0.7, linewidths=0, zorder=3
        )
        if level is not None:
            axes.axhline(level, color=GREY, linestyle=DASHES[0], linewidth=1.2)
        axes.set_xlim(left=min(0, 1.08 * x[finite].min(initial=0)))
        axes.set_ylim(-0.02, top)
        return _svg(figure, name)


def _draw(axes: Axes, x: XAxis, line: Curve, place: int) -> None:
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
    dash = ("-", "--", ":", "-.")[place // len(COLOURS) % 4]
    crowded = np.isfinite(line.y).sum() > 25
    marker = "" if crowded else marker
    # a legend leaves out what begins with an underscore
    label = f" {line.label}" if line.label.startswith("_") else line.label
    axes.plot(x.values, line.y, color=colour, marker=marker, linestyle=dash, label=label, zorder=3)
    if line.band is not None:
        axes.fill_between(x.values, *line.band, color=colour, alpha=0.18, linewidth=0)
        axes.vlines(x.values, *line.band, color=colour, alpha=0.45, linewidth=1)
    if line.partial is not None and line.partial.any():
        at = line.partial
        axes.plot(
            x.values[at], line.y[at], marker or "o", color=colour, markerfacecolor="white", zorder=4
        )


def _dress(axes: Axes, x: XAxis, label: str) -> None:
    if x.scale:
        axes.set_xscale(**x.scale)
    transform = axes.xaxis.get_transform()
    low, high = transform.transform(x.values[[0, -1]].astype(float))
    room = 0.04 * (high - low) or 1.0
    axes.set_xlim(*transform.inverted().transform(np.array([low - room, high + room])))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(x.ticks, [f"{tick:g}" for tick in x.ticks])
    axes.set_xlabel(x.label)
    axes.set_ylabel(label if len(label) <= LINE else "\n".join(wrap(label, LINE)))


def _limit(axes: Axes, lines: Sequence[Curve], levels: Sequence[float], top: float | None) -> None:
    """The vertical axis from 0, or lower where values are, to ``top`` or just above all that is drawn."""
    heights = np.concatenate(
        [np.ravel(part) for line in lines for part in (line.y, *(line.band or ()))]
    )
    heights = heights[np.isfinite(heights)]
    if not heights.size:
        axes.text(
            0.5,
            0.5,
            "no values yet",
            transform=axes.transAxes,
            ha="center",
            va="center",
            color=GREY,
        )
    numbers = np.array([*heights, *levels])
    if numbers.min(initial=0) < 0 < numbers.max(initial=0):
        axes.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    high = top if top is not None else 1.08 * max(numbers.max(initial=0), 1e-9)
    axes.set_ylim(
        min(1.08 * numbers.min(initial=0), -0.02 * high), high if heights.size or levels else 1
    )


def _legend(figure: Figure, axes: Axes, width: float) -> None:
    """Above the axes, where it covers no curve, in as many columns as fit."""
    labels = axes.get_legend_handles_labels()[1]
    if len(labels) < 2:
        return
    longest = 0.38 + 0.062 * max(map(len, labels))
    columns = max(1, min(len(labels), int((width - 0.1) / longest)))
    figure.legend(loc="outside upper left", ncols=columns)
    rows = -(-len(labels) // columns)
    figure.set_figheight(2.7 + 0.16 * max(rows - 2, 0))


def _svg(figure: Figure, name: str) -> Markup:
    """The drawing alone: no header, no metadata, no rules for the whole page, ids of its own."""
    file = io.StringIO()
    figure.savefig(
        file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
    )
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(
        r"<style.*?</style>|<metadata>.*?</metadata>| xmlns(:\w+)?=\"[^\"]*\"",
        "",
        text,
        flags=re.DOTALL,
    )
    text = re.sub(r"(\bid=\"|href=\"#|url\(#)", rf"\g<1>{anchor(name)}-", text)
    return Markup(text)  # noqa: S704 - made here; matplotlib escapes what it is given as text
