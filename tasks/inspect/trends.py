"""Common questions to an atlas over training: each a function of its tree that gives a data frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.analysis.importance import Agreement, agreements
from spikeatlas.tasks.analysis.onset import selective
from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.atlas import GROUPS, Tree, layer_rows, layout_of, open_tree
from spikeatlas.tasks.inspect.neurons import Selection, require_known
from spikeatlas.tasks.study.location import Place

Trend = Callable[[Tree], pd.DataFrame]

MARKS = 12
"""Numbers of images at which ``methods`` tells how far each method is."""


def read_trend(
    path: Place, about: str, selection: Selection, further: Sequence[Place] = ()
) -> pd.DataFrame:
    """Return one of ``TRENDS``, of all layers or that of ``selection``.

    ``further``: atlases of the same study trained from other seeds, for those of ``JOINED``.

    Raises ValueError where there is no such trend or layer, where ``selection`` chooses what the trend does
    not depend on, or where the atlas lacks what it rests on.
    """
    if about not in TRENDS:
        raise ValueError(f"--about {about}: it answers {', '.join(('neurons', *TRENDS))}")
    idle = [f"--{n}" for n, v in selection._asdict().items() if n != "layer" and v is not None]
    if idle:
        raise ValueError(
            f"{', '.join(idle)}: --about {about} tells of the whole of training; only --layer narrows it"
        )
    if further and about not in JOINED:
        raise ValueError(
            f"--about {about} tells of one atlas; several are joined by --about {', '.join(JOINED)}"
        )
    with ExitStack() as stack:
        tree, *others = (stack.enter_context(open_tree(place)) for place in (path, *further))
        if selection.layer is not None:
            require_known("--layer", selection.layer, tree.layers)
        frame = JOINED[about]([tree, *others]) if others else TRENDS[about](tree)
        return _of_layer(frame, tree, selection.layer).reset_index(drop=True)


def _of_layer(frame: pd.DataFrame, tree: Tree, layer: str | None) -> pd.DataFrame:
    """The rows of one layer, or its column where each layer has one."""
    if layer is None:
        return frame
    if "layer" in frame:
        return frame[frame["layer"] == layer]
    return frame.drop(columns=[other for other in tree.layers if other != layer])


def onset(tree: Tree) -> pd.DataFrame:
    """List when each neuron became selective, layer by layer, earliest first."""
    table = _group(tree, "training")[["onset_epoch", "highly_selective_onset"]].to_dataframe()
    depths = {layer: depth for depth, layer in enumerate(tree.layers)}
    order = table.assign(depth=table["layer"].map(depths)).sort_values(
        ["depth", "onset_epoch", "neuron_index"]
    )
    return order[["layer", "neuron_index", "onset_epoch", "highly_selective_onset"]]


def switched(tree: Tree) -> pd.DataFrame:
    """List the neurons that came to prefer another class, and whether their MEIs did too."""
    table = _group(tree, "training")
    rows = table.isel(neuron=np.flatnonzero(table.switched.values == 1)).to_dataframe()
    classes = tree[f"natural/{tree.layers[0]}"]["category"].values
    rows["from"], rows["to"] = (
        classes[rows[name].to_numpy(int)] for name in ("switch_from", "switch_to")
    )
    tests = ["switch_epoch", "switch_effect", "switch_q", "mei_support_p"]
    return rows[["layer", "neuron_index", "from", "to", *tests]]


def methods(tree: Tree) -> pd.DataFrame:
    """Tell how far each method got, by images shown, at the last analysed epoch.

    Mean over neurons and repeats of the best response so far / the best test image's.
    """
    _group(tree, f"history/{tree.layers[0]}")
    row = _last(tree.progress.analysed, "no epoch is analysed yet")
    rows: list[pd.DataFrame] = []
    for layer in tree.layers:
        group = tree.layer(layer, "history", "natural_top").isel(epoch=row)
        best = group.natural_top_response.isel(rank=0)
        reached = (group.history / best.where(best > 0)).mean(["neuron", "repeat"])
        marks = np.unique(np.linspace(0, reached.sizes["images"] - 1, MARKS).astype(int))
        some = reached.isel(images=marks).transpose("search", "images").to_pandas()
        rows.append(
            some.rename(columns=str).rename_axis(index="method", columns=None).reset_index()
        )
        rows[-1].insert(0, "layer", layer)
    return pd.concat(rows)


def importance(tree: Tree) -> pd.DataFrame:
    """List the neurons that the network needs most, at the last epoch where they were silenced, and how selective they are."""
    table = _group(tree, "importance/ablation")
    row = _last(tree.progress.ablated, "no neuron has been silenced yet")
    rows = table.isel(epoch=row)[["loss_increase", "accuracy"]].to_dataframe()
    index = _group(tree, "selectivity").class_selectivity_index.isel(epoch=row).values
    columns = ["layer", "neuron_index", "loss_increase", "accuracy", "class_selectivity_index"]
    return rows.assign(class_selectivity_index=index).sort_values("loss_increase", ascending=False)[
        columns
    ]


def agreement(tree: Tree) -> pd.DataFrame:
    """Hold each measure of importance against the ablation and selectivity: rank correlations by layer and epoch."""
    return joined_agreement([tree])


def joined_agreement(trees: Sequence[Tree]) -> pd.DataFrame:
    """Do the same over networks of one study that were trained from several seeds."""
    return pd.DataFrame(agreements(trees), columns=list(Agreement._fields))


def accuracy(tree: Tree) -> pd.DataFrame:
    """Test accuracy, and the share of each layer's neurons that are selective, by epoch; NaN where not analysed."""
    bars = thresholds()
    table = _group(tree, "selectivity")
    if "selective_q" not in table:
        raise ValueError(
            f"this atlas is of an earlier version, without tests of selectivity: {ANEW}"
        )
    is_selective = selective(
        table.class_selectivity_index, table.selective_q, bars.selective_csi, bars.rate
    )
    shares = is_selective.groupby("layer").mean().where(tree.progress.analysed.variable == 1)
    return pd.DataFrame(
        {
            "epoch": tree.progress.epoch.values,
            "accuracy": tree.progress.accuracy.values,
            **{layer: shares.sel(layer=layer).values for layer in tree.layers},
        }
    )


def position(tree: Tree) -> pd.DataFrame:
    """Hold the selectivity of the unit at a position of each map against its channel's, by layer and epoch.

    Of neurons for which both are defined: mean index of either, mean difference and mean size of it, and how
    many prefer the same class; and the share of all neurons that are selective by either.
    """
    at, whole = _group(tree, "selectivity/position"), _group(tree, "selectivity")
    return pd.DataFrame(
        {
            "layer": layer,
            "epoch": float(tree.progress.epoch.values[row]),
            **_pair(*(layer_rows(table.isel(epoch=row), layer) for table in (whole, at))),
        }
        for layer in tree.layers
        for row in np.flatnonzero(tree.progress.analysed.values == 1)
    )


def _pair(channel: xr.Dataset, unit: xr.Dataset) -> dict[str, float]:
    """Return the numbers of one layer at one epoch."""
    first, second = (part.class_selectivity_index.values for part in (channel, unit))
    both = ~np.isnan(first) & ~np.isnan(second)
    alike = (channel.preferred_class.values == unit.preferred_class.values)[both]
    gap = (second - first)[both]
    return {
        "neurons": int(both.sum()),
        "csi, channel": _mean(first[both]),
        "csi, position": _mean(second[both]),
        "difference": _mean(gap),
        "size of it": _mean(np.abs(gap)),
        "same class": _mean(alike),
        "selective, channel": _share(channel),
        "selective, position": _share(unit),
    }


def _share(measures: xr.Dataset) -> float:
    """Return the share of neurons that are selective."""
    bars = thresholds()
    index, q = measures.class_selectivity_index, measures.selective_q
    return float(selective(index, q, bars.selective_csi, bars.rate).mean())


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float("nan")


TRENDS: Mapping[str, Trend] = {
    "onset": onset,
    "switched": switched,
    "methods": methods,
    "importance": importance,
    "agreement": agreement,
    "accuracy": accuracy,
    "position": position,
}

JOINED: Mapping[str, Callable[[Sequence[Tree]], pd.DataFrame]] = {"agreement": joined_agreement}
"""Those of them that join several atlases."""

ANEW = "only a new atlas has it: run its study with another output"
"""Remedy for what an atlas has no place for."""


def _group(tree: Tree, name: str) -> xr.Dataset:
    """Return a group; ValueError where there is none."""
    if name not in tree:
        raise ValueError(f"this atlas has no /{name}: {_remedy(tree, name)}")
    return tree[name]


def _remedy(tree: Tree, name: str) -> str:
    """Say why a group is not there, and what would bring it: a run adds no place to an atlas that is."""
    condition = next((group.condition for group in GROUPS if group.path == name), "")
    if condition.startswith("analysis."):
        return f"its study does not ask for it ({condition}); ask for it in a study with another output"
    if not layout_of(tree.root).methods:
        return "nothing was searched"
    if "natural_image" not in tree:
        return f"it is of an earlier version, without responses to single test images; {ANEW}"
    return "run its study to its end" if name == "training" else ANEW


def _last(flag: xr.DataArray, lacking: str) -> int:
    """The last row (epoch) whose ``flag`` is set."""
    rows = np.flatnonzero(flag.values == 1)
    if not rows.size:
        raise ValueError(f"{lacking}: run the study to its end")
    return int(rows[-1])
