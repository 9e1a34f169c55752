"""The benchmark's figure: the climbs of the searches, and the wins of the subject."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spikeatlas.tasks.benchmark.cells import GRADIENT, MAIN
from spikeatlas.tasks.benchmark.scoring import scores
from spikeatlas.tasks.benchmark.scoring.statistics import interval, mean


def draw_race(results: xr.Dataset, layers: list[str], subject: str, path: Path) -> None:
    """Draw best-so-far curves of each layer and way of sharing, and a forest of a subject's win rates, as one PNG file."""
    main = scores.per_neuron(results, MAIN)
    figure = Figure(figsize=(3.4 * len(layers) + 1.6, 9.5), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(3, len(layers))
    colours = _colours(main)
    for row, share in enumerate((True, False)):
        for column, layer in enumerate(layers):
            axes = figure.add_subplot(grid[row, column])
            _curves(axes, main, layer, share, _Style(subject, colours))
            axes.set_title(f"{layer}, share {'on' if share else 'off'}", fontsize=9)
    figure.axes[0].set_ylabel("best so far / best of any method")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", fontsize=7, frameon=False)
    _forest(figure.add_subplot(grid[2, :]), main, subject)
    figure.savefig(path, dpi=110)


def _colours(main: xr.Dataset) -> dict[str, Any]:
    palette = colormaps["tab20"]
    names = list(dict.fromkeys(main.label.values.tolist()))
    # the ten dark ones first, then their pale companions
    order = [*range(0, 20, 2), *range(1, 20, 2)]
    return {name: palette(order[number % 20]) for number, name in enumerate(names)}


class _Style(NamedTuple):
    """The look of curves."""

    subject: str
    """The method whose curve is the wide one."""
    colours: dict[str, Any]


def _curves(axes: Axes, main: xr.Dataset, layer: str, share: bool, style: _Style) -> None:
    """Draw the median over neurons of the normalised best-so-far; searches that are never shared are in both modes."""
    units = np.flatnonzero(main.layer.values == layer)
    shared = set(main.label.values[main.share.values.astype(bool)].tolist())
    images = np.arange(1, main.sizes["query"] + 1)
    for contender, label in enumerate(main.label.values.tolist()):
        if main.share.values[contender] != share and label in shared:
            continue
        curves = main.curve.values[units, contender]
        curves = curves[~np.isnan(curves).any(axis=1)]
        if len(curves):
            width = 2.2 if label == style.subject else 1.2
            line = "--" if main.knowledge.values[contender] == GRADIENT else "-"
            axes.plot(
                images,
                np.median(curves, axis=0),
                line,
                color=style.colours[label],
                lw=width,
                label=label,
            )
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("images a neuron")


def _forest(axes: Axes, main: xr.Dataset, subject: str) -> None:
    """Draw the share of neurons on which the subject beats each other method, with its interval."""
    names, rates, lows, highs = [], [], [], []
    for contender, label in enumerate(main.label.values.tolist()):
        share = bool(main.share.values[contender])
        subject_response = scores.of(main, "response", subject, share=share)
        other = main.response.values[:, contender]
        both = ~(np.isnan(subject_response) | np.isnan(other))
        if label == subject or not both.any():
            continue
        wins = (subject_response > other)[both].astype(np.float64)
        low, high = interval(wins, main.cluster.values[both], mean)
        names.append(f"{label}, share {'on' if share else 'off'}")
        rates.append(wins.mean())
        lows.append(low)
        highs.append(high)
    at = np.arange(len(names))
    axes.hlines(at, lows, highs, color="0.5")
    axes.plot(rates, at, "o", color="C0")
    axes.axvline(0.5, color="0.7", ls=":")
    axes.axvline(0.8, color="0.7", ls="--")
    axes.set_yticks(at, names, fontsize=7)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel(f"share of neurons on which {subject} wins (ties are no wins), 95 % interval")
