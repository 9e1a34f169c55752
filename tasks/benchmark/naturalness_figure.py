"""Pictures of the cost of naturalness: the front of each method and neuron, and the stimuli themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeatlas.tasks.atlas import UNLIKE
from spikeatlas.tasks.benchmark.naturalness_race import MethodStimuli, relative

SHOWN = 12
"""Neurons whose stimuli are shown."""

FRONTS = 6
"""Neurons whose own fronts are drawn."""


def draw_front(methods: Sequence[MethodStimuli], path: Path) -> None:
    """Draw responses against typicality of all methods, and for a few neurons; PNG."""
    searched = [stimuli for stimuli in methods if stimuli.keys[0][1]]
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    all_neurons, few_neurons = figure.subplots(1, 2)
    for number, stimuli in enumerate(searched):
        _mark(all_neurons, stimuli, searched[0], f"C{number}")
    _axes(all_neurons, "all neurons: medians and quartiles")
    all_neurons.legend(fontsize=8, frameon=False)
    for number, key in enumerate(_few(searched[0])):
        _front(few_neurons, searched, key, f"C{number}")
    _axes(few_neurons, f"{FRONTS} neurons: each method a mark, the front a line")
    few_neurons.legend(fontsize=8, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def draw_stimuli(methods: Sequence[MethodStimuli], path: Path) -> None:
    """Draw the stimuli of a few neurons, a row for each method; PNG."""
    keys = _spread(methods[0])
    size = (1.0 * len(keys) + 1.8, 1.08 * len(methods) + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    axes = np.atleast_2d(figure.subplots(len(methods), len(keys)))
    for stimuli, row in zip(methods, axes, strict=True):
        for column, (key, cell) in enumerate(zip(keys, row, strict=True)):
            _picture(cell, stimuli, stimuli.keys.index(key) if stimuli.keys[0][1] else column)
            if stimuli is methods[0]:
                cell.set_title(f"{key[1]}/{key[2]}", fontsize=8)
        row[0].set_ylabel(stimuli.label, rotation=0, ha="right", va="center", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _picture(axes: Axes, stimuli: MethodStimuli, row: int) -> None:
    image = stimuli.images[row].transpose(1, 2, 0)
    axes.imshow(image if image.shape[2] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=255)
    axes.set_xticks([])
    axes.set_yticks([])
    label = f"{stimuli.typicality[row]:.2f}"
    if not np.isnan(stimuli.response[row]):
        label = f"{stimuli.response[row]:.2f} | {label}"
    axes.set_xlabel(label, fontsize=6, labelpad=1)


def _mark(axes: Axes, stimuli: MethodStimuli, first: MethodStimuli, colour: str) -> None:
    x, y = relative(stimuli, first), stimuli.typicality
    middle = float(np.median(x)), float(np.median(y))
    spread = [
        np.abs(np.quantile(values, [[0.25], [0.75]]) - center)
        for values, center in zip((x, y), middle, strict=True)
    ]
    axes.errorbar(
        *middle,
        xerr=spread[0],
        yerr=spread[1],
        color=colour,
        marker="o",
        label=stimuli.label,
        capsize=2,
    )


def _front(axes: Axes, methods: Sequence[MethodStimuli], key: Any, colour: str) -> None:
    """Draw one neuron's results, and the line through those that no other beats in both."""
    pairs = []
    for stimuli in methods:
        rows = [row for row, other in enumerate(stimuli.keys) if other == key]
        pairs.append((float(stimuli.response[rows].mean()), float(stimuli.typicality[rows].mean())))
    (x, y), (along, up) = np.array(pairs).T, np.array(unbeaten(pairs)).T
    axes.scatter(x, y, s=10, color=colour, alpha=0.4)
    axes.plot(along, up, marker="o", markersize=5, color=colour, label=f"{key[1]}/{key[2]}")


def unbeaten(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the pairs that no other pair beats in both numbers, in ascending order of the first."""
    front: list[tuple[float, float]] = []
    for x, y in sorted(pairs, reverse=True):
        if not front or y > front[-1][1]:
            front.append((x, y))
    return front[::-1]


def _axes(axes: Axes, title: str) -> None:
    axes.axhline(UNLIKE, color="#555555", linestyle="--", linewidth=1)
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("response / the first method's" if "all" in title else "response (spike rate)")
    axes.set_ylabel("typicality (part of test images no more natural)")
    axes.set_ylim(-0.02, 1.02)


def _few(stimuli: MethodStimuli) -> list[Any]:
    """Return neurons from all layers in turn."""
    return _spread(stimuli)[:: max(1, SHOWN // FRONTS)][:FRONTS]


def _spread(stimuli: MethodStimuli) -> list[Any]:
    """Return up to twelve neurons, as many of each layer."""
    keys = list(dict.fromkeys(stimuli.keys))
    layers = list(dict.fromkeys(key[1] for key in keys))
    count = -(-SHOWN // len(layers))
    return [key for layer in layers for key in [k for k in keys if k[1] == layer][:count]][:SHOWN]
