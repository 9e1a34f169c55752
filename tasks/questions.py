"""Common questions to an atlas: each a function of its tree that gives a data frame, or a sentence why not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from rich.table import Table

from tasks.analysis.onset import selective
from tasks.analysis.thresholds import thresholds
from tasks.atlas import open_tree
from tasks.describe import as_text

Answer = Callable[[xr.DataTree], pd.DataFrame]


def onset(tree: xr.DataTree) -> pd.DataFrame:
    """When each neuron became selective, earliest first."""
    rows = _group(tree, "training").to_dataframe()[
        ["layer", "index", "onset_epoch", "highly_selective_onset"]
    ]
    order = rows.layer.map({layer: place for place, layer in enumerate(tree.attrs["layers"])})
    return (
        rows.assign(depth=order)
        .sort_values(["depth", "onset_epoch", "index"])
        .drop(columns="depth")
    )


def switched(tree: xr.DataTree) -> pd.DataFrame:
    """Which neurons came to prefer another class, and what their MEIs say."""
    table = _group(tree, "training")
    rows = table.isel(neuron=np.flatnonzero(table.switched.values == 1)).to_dataframe()
    classes = tree.to_dataset()["class"].values
    return rows.assign(**{"from": classes[rows.switch_from], "to": classes[rows.switch_to]})[
        [
            "layer",
            "index",
            "from",
            "to",
            "switch_epoch",
            "switch_effect",
            "switch_q",
            "mei_support_p",
        ]
    ]


def methods(tree: xr.DataTree) -> pd.DataFrame:
    """How far each method got, per image shown: mean best response / best test image's, at the last epoch."""
    found: dict[tuple[str, str], pd.Series] = {}
    for layer in tree.attrs["layers"]:
        group = tree[f"layers/{layer}"].to_dataset().isel(epoch=-1)
        best = group.natural_top_response.isel(rank=0)
        reached = (group.history / best.where(best > 0)).mean(["neuron", "repeat"])
        found |= {
            (layer, str(m)): reached.sel({"method": m}).to_series() for m in group.method.values
        }
    return pd.DataFrame(found).rename_axis("images").reset_index()


def importance(tree: xr.DataTree) -> pd.DataFrame:
    """Which neurons the network needs most, at the last epoch where they were silenced, and how selective they are."""
    table = _group(tree, "ablation")
    done = np.flatnonzero(table.ablated.values == 1)
    if not done.size:
        raise ValueError("no neuron has been silenced yet: run the study to its end")
    rows = table.isel(epoch=done[-1]).to_dataframe()[
        ["layer", "index", "loss_increase", "accuracy"]
    ]
    index = _group(tree, "selectivity").class_selectivity_index.isel(epoch=done[-1]).values
    return rows.assign(class_selectivity_index=index).sort_values("loss_increase", ascending=False)


def accuracy(tree: xr.DataTree) -> pd.DataFrame:
    """Test accuracy, and the share of each layer's neurons that are selective, by epoch."""
    bars = thresholds()
    table = _group(tree, "selectivity")
    if "selective_q" not in table:
        raise ValueError(
            "this atlas keeps no tests of selectivity: run its study again with this version"
        )
    chosen = selective(
        table.class_selectivity_index, table.selective_q, bars.selective_csi, bars.rate
    )
    found = {"epoch": tree.epoch.values, "accuracy": tree.accuracy.values}
    for layer in tree.attrs["layers"]:
        found[layer] = (
            chosen.isel(neuron=np.flatnonzero(table.layer.values == layer)).mean("neuron").values
        )
    return pd.DataFrame(found)


ANSWERS: Mapping[str, Answer] = {
    "onset": onset, "switched": switched, "methods": methods, "importance": importance, "accuracy": accuracy,
}  # fmt: skip

ROWS = 40
"""Rows printed as a table; JSON has all."""


def ask(path: Path, about: str) -> pd.DataFrame:
    """The answer to one of ``ANSWERS``. Raises ValueError where the atlas lacks what it needs."""
    if about not in ANSWERS:
        raise ValueError(f"--about {about}: it answers {', '.join(('neurons', *ANSWERS))}")
    with open_tree(path) as tree:
        return ANSWERS[about](tree).reset_index(drop=True)


def text(frame: pd.DataFrame) -> str:
    """As a table for the terminal."""
    table = Table(*(_name(column) for column in frame.columns))
    for row in frame.head(ROWS).itertuples(index=False):
        table.add_row(*(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row))
    more = len(frame) - ROWS
    return as_text(table) + (f"\n{more} more rows: --json has all" if more > 0 else "")


def as_json(frame: pd.DataFrame) -> str:
    """As a list of rows; null for what is undefined."""
    named = frame.set_axis([_name(column) for column in frame.columns], axis=1)
    return json.dumps(json.loads(named.to_json(orient="records")), indent=1)


def draw(frame: pd.DataFrame, file: Path) -> None:
    """As a picture: columns of numbers against the first one (``accuracy``, ``methods``), or the table's bars."""
    numbers = frame.select_dtypes("number")
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    if frame.columns[0] in (("images", ""), "images", "epoch"):
        for column in numbers.columns[1:]:
            axes.plot(numbers.iloc[:, 0], numbers[column], marker="o", label=_name(column))
        axes.set_xlabel(_name(frame.columns[0]))
        axes.legend()
    else:
        column = next(c for c in numbers.columns if c != "index")
        for layer, rows in frame.groupby("layer", sort=False):
            axes.plot(np.sort(rows[column].dropna().to_numpy()), label=str(layer))
        axes.set_xlabel("neurons of a layer, sorted")
        axes.set_ylabel(_name(column))
        axes.legend()
    figure.savefig(file, dpi=120)


def _name(column: object) -> str:
    return " ".join(part for part in column if part) if isinstance(column, tuple) else str(column)


def _group(tree: xr.DataTree, name: str) -> xr.Dataset:
    if name not in tree.children:
        raise ValueError(f"this atlas has no /{name}: run its study to its end with this version")
    return tree.children[name].to_dataset(inherit=False)
