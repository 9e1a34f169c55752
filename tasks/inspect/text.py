"""Every table for the terminal; answers to questions, which are data frames, as JSON and as a picture too."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from spikeatlas.snn.atomic import write_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS = 200
"""Rows of a table; JSON has all."""

LONG = 12
"""Values of a list that a table shows; JSON has all."""


def as_text(table: Table) -> str:
    """Return a table as plain text."""
    # names of layers may hold what a console takes for marks: [red], :smile:
    console = Console(width=140, color_system=None, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get().rstrip()


def text(frame: pd.DataFrame) -> str:
    """Return a data frame as a table for the terminal."""
    table = Table(*map(str, frame.columns))
    for row in frame.head(ROWS).itertuples(index=False):
        table.add_row(*map(_cell, row))
    more = len(frame) - ROWS
    return as_text(table) + (
        f"\n... and {more} more: ask for one --layer, or for --json" if more > 0 else ""
    )


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_cell, value[:LONG])) + (" ..." if len(value) > LONG else "")
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)


def as_json(frame: pd.DataFrame) -> str:
    """A list of rows, one a line; null for what is undefined."""
    rows = json.loads(frame.to_json(orient="records"))  # knows no NaN
    return "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]"


def draw(frame: pd.DataFrame, about: str, file: Path) -> None:
    """A PNG picture of the answer to one of ``PICTURES``."""
    from matplotlib import rc_context  # noqa: PLC0415 - heavy, and most answers are tables
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context(PLAIN):
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        PICTURES[about](axes, frame)
        if axes.get_legend_handles_labels()[1]:
            axes.legend()
        content = BytesIO()
        figure.savefig(content, format="png", dpi=120)
    write_picture(file, content.getvalue())


PLAIN: Any = {"text.parse_math": False}
"""Settings of matplotlib: a $ in a layer's name begins no formula."""


def labelled(layer: object) -> str:
    """Return a layer's name as a legend shows it, which leaves out what begins with an underscore."""
    name = str(layer)
    return f" {name}" if name.startswith("_") else name


def _counts(axes: Axes, frame: pd.DataFrame, column: str, label: str) -> None:
    """Draw how many neurons of each layer have come so far, over epochs."""
    for layer, rows in frame.groupby("layer", sort=False):
        came = rows[column].dropna().value_counts().sort_index().cumsum()
        axes.step(
            came.index, came, where="post", marker="o", label=labelled(f"{layer} (of {len(rows)})")
        )
    axes.set(xlabel="epoch", ylabel=label, ylim=(0, None))


def _scatter(axes: Axes, frame: pd.DataFrame) -> None:
    for layer, rows in frame.groupby("layer", sort=False):
        axes.plot(
            rows["class_selectivity_index"], rows["loss_increase"], ".", label=labelled(layer)
        )
    axes.set(xlabel="class selectivity index", ylabel="loss increase while silent")


def _curves(axes: Axes, frame: pd.DataFrame) -> None:
    images = frame.columns[2:].astype(int)
    for layer, method, *reached in frame.itertuples(index=False, name=None):
        axes.plot(images, reached, marker=".", label=labelled(f"{layer}, {method}"))
    axes.set(xscale="log", xlabel="images shown", ylabel="best response / best test image's")


def _course(axes: Axes, frame: pd.DataFrame) -> None:
    for column in frame.columns.drop("epoch"):
        label = column if column == "accuracy" else f"{column}: selective neurons"
        axes.plot(frame["epoch"], frame[column], marker="o", label=labelled(label))
    axes.set(xlabel="epoch", ylabel="share", ylim=(0, 1.02))


def _pairs(axes: Axes, frame: pd.DataFrame) -> None:
    for layer, rows in frame.groupby("layer", sort=False):
        for unit, line in (("channel", "-"), ("position", "--")):
            axes.plot(
                rows["epoch"], rows[f"csi, {unit}"], line, marker="o", label=f"{layer}, {unit}"
            )
    axes.set(xlabel="epoch", ylabel="class selectivity index")


def _agreements(axes: Axes, frame: pd.DataFrame) -> None:
    against = frame[frame["against"] == "ablation"]
    for (layer, measure), rows in against.groupby(["layer", "measure"], sort=False):
        axes.plot(rows["epoch"], rows["rho"], marker="o", label=labelled(f"{layer}, {measure}"))
        axes.fill_between(rows["epoch"], rows["low"], rows["high"], alpha=0.15)
    axes.set(xlabel="epoch", ylabel="rank correlation with the ablation", ylim=(-1.02, 1.02))


PICTURES: Mapping[str, Callable[[Axes, pd.DataFrame], None]] = {
    "onset": partial(_counts, column="onset_epoch", label="selective neurons"),
    "switched": partial(_counts, column="switch_epoch", label="neurons that switched"),
    "methods": _curves,
    "importance": _scatter,
    "agreement": _agreements,
    "accuracy": _course,
    "position": _pairs,
}
