"""Pictures of what naturalness costs: the front of each method and neuron, and the stimuli themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeatlas.tasks.atlas import UNLIKE
from spikeatlas.tasks.benchmark.naturalness_race import Found, relative

SHOWN = 12
"""Neurons whose stimuli are shown."""

FRONTS = 6
"""Neurons whose own fronts are drawn."""


def draw(found: Sequence[Found], path: Path) -> None:
    """Responses against typicality of all methods, and for a few neurons; PNG."""
    methods = [each for each in found if each.keys[0][1]]
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for place, each in enumerate(methods):
        _mark(left, each, methods[0], f"C{place}")
    _axes(left, "all neurons: medians and quartiles")
    left.legend(fontsize=8, frameon=False)
    for place, key in enumerate(_few(methods[0])):
        _front(right, methods, key, f"C{place}")
    _axes(right, f"{FRONTS} neurons: each method a mark, the front a line")
    right.legend(fontsize=8, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def draw_stimuli(found: Sequence[Found], path: Path) -> None:
    """The stimuli of a few neurons, a row for each method; PNG."""
    keys = _spread(found[0])
    figure = Figure(figsize=(1.0 * len(keys) + 1.8, 1.08 * len(found) + 0.4), layout="constrained")
    axes = np.atleast_2d(figure.subplots(len(found), len(keys)))
    for each, row in zip(found, axes, strict=True):
        for place, (key, cell) in enumerate(zip(keys, row, strict=True)):
            at = each.keys.index(key) if each.keys[0][1] else place
            _picture(cell, each, at)
            if each is found[0]:
                cell.set_title(f"{key[1]}/{key[2]}", fontsize=8)
        row[0].set_ylabel(each.label, rotation=0, ha="right", va="center", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def _picture(axes: Axes, each: Found, at: int) -> None:
    image = each.images[at].transpose(1, 2, 0)
    axes.imshow(image if image.shape[2] == 3 else image[..., 0], cmap="gray", vmin=0, vmax=255)
    axes.set_xticks([])
    axes.set_yticks([])
    told = f"{each.typicality[at]:.2f}"
    if not np.isnan(each.response[at]):
        told = f"{each.response[at]:.2f} | {told}"
    axes.set_xlabel(told, fontsize=6, labelpad=1)


def _mark(axes: Axes, each: Found, first: Found, colour: str) -> None:
    x, y = relative(each, first), each.typicality
    middle = float(np.median(x)), float(np.median(y))
    spread = [
        np.abs(np.quantile(values, [[0.25], [0.75]]) - at)
        for values, at in zip((x, y), middle, strict=True)
    ]
    axes.errorbar(
        *middle,
        xerr=spread[0],
        yerr=spread[1],
        color=colour,
        marker="o",
        label=each.label,
        capsize=2,
    )


def _front(axes: Axes, methods: Sequence[Found], key: Any, colour: str) -> None:
    """One neuron's results, and the line through those that no other beats in both."""
    found = []
    for each in methods:
        at = [place for place, other in enumerate(each.keys) if other == key]
        found.append((float(each.response[at].mean()), float(each.typicality[at].mean())))
    (x, y), (along, up) = np.array(found).T, np.array(unbeaten(found)).T
    axes.scatter(x, y, s=10, color=colour, alpha=0.4)
    axes.plot(along, up, marker="o", markersize=5, color=colour, label=f"{key[1]}/{key[2]}")


def unbeaten(found: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The pairs that no other pair beats in both numbers, in ascending order of the first."""
    front: list[tuple[float, float]] = []
    for x, y in sorted(found, reverse=True):
        if not front or y > front[-1][1]:
            front.append((x, y))
    return front[::-1]


def _axes(axes: Axes, title: str) -> None:
    axes.axhline(UNLIKE, color="#555555", linestyle="--", linewidth=1)
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("response / the first method's" if "all" in title else "response (spike rate)")
    axes.set_ylabel("typicality (part of test images no more natural)")
    axes.set_ylim(-0.02, 1.02)


def _few(first: Found) -> list[Any]:
    """Neurons from all layers in turn."""
    return _spread(first)[:: max(1, SHOWN // FRONTS)][:FRONTS]


def _spread(first: Found) -> list[Any]:
    """Up to twelve neurons, as many of each layer."""
    keys = list(dict.fromkeys(first.keys))
    layers = list(dict.fromkeys(key[1] for key in keys))
    each = -(-SHOWN // len(layers))
    return [key for layer in layers for key in [k for k in keys if k[1] == layer][:each]][:SHOWN]
