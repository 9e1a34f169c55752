"""An atlas in a few lines for the terminal."""

from __future__ import annotations

import numpy as np
import xarray as xr
from rich.table import Table

from spikeatlas.snn.subjects import LACKS
from spikeatlas.tasks.atlas import FLAGS, GROUPS, STATUS, Tree, layout_of, of_sign, open_tree
from spikeatlas.tasks.inspect.known import elsewhere
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.study.location import Place

MARKS = (*FLAGS, "blanked", "known")
"""Marks of every epoch that are told."""


def describe(path: Place) -> str:
    """Describe an atlas: its study, epochs with accuracy, the state of every layer's searches, what it lacks."""
    with open_tree(path) as tree:
        head = [
            f"{path}: schema {tree.attrs['schema_version']}, study {tree.attrs['study_digest'][:16]}",
            f"started {tree.attrs['started']}, ended {tree.attrs['ended'] or 'not yet'}",
        ]
        parts = [*head, as_text(_epochs(tree))]
        if "best" in tree:
            parts += [as_text(_layers(tree)), *_shortfall(tree)]
        else:
            parts.append("nothing was searched: the data are sequences of frames")
        return "\n".join([*parts, *_lacking(tree), *_network_lacks(tree)])


def _network_lacks(tree: Tree) -> list[str]:
    """Say what the network does not have, and what follows."""
    return [
        f"the network does not have {LACKS[name]}" for name in tree.attrs.get("network_lacks", ())
    ]


def _epochs(tree: Tree) -> Table:
    table = Table("epoch", "test accuracy", *MARKS)
    for row in range(tree.progress.sizes["epoch"]):
        now = tree.progress.isel(epoch=row)
        marks = ["yes" if mark in now and now[mark].item() else "no" for mark in MARKS]
        table.add_row(f"{now.epoch.item():g}", _number(now.accuracy.item()), *marks)
    return table


def _layers(tree: Tree) -> Table:
    layout = layout_of(tree.root)
    unit = ("unit of a response",) if layout.units else ()
    means = ("mean response", *(("least",) if layout.signs else ()))
    table = Table("layer", "neurons", "methods", "repeats", *STATUS, *means, *unit)
    for name in tree.layers:
        group = tree[f"layers/{name}"]
        status = group.status.values
        counts = [str(int((status == value).sum())) for value in range(len(STATUS))]
        sizes = [
            str(group.sizes["neuron"]),
            ", ".join(map(str, group["search"].values)),
            str(group.sizes["repeat"]),
        ]
        named = (layout.unit(name).name,) if unit else ()
        table.add_row(name, *sizes, *counts, *_mean_responses(group), *named)
    return table


def _mean_responses(group: xr.Dataset) -> list[str]:
    """Return the mean response to the most exciting images, and to the least exciting ones, as far as any were sought."""
    signs = dict.fromkeys(group["search_sign"].values.tolist())
    return [_number(float(of_sign(group, sign).response.mean())) for sign in signs]


def _number(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"


def _shortfall(tree: Tree) -> list[str]:
    """Say of each layer how often another image than the search's own is the best known one."""
    counts = {layer: elsewhere(tree, layer) for layer in tree.layers}
    return [
        f"{layer}: another image than the search's own drives the neuron best "
        f"in {missed} of {total} neuron-epochs"
        for layer, (missed, total) in counts.items()
        if total
    ]


def _lacking(tree: Tree) -> list[str]:
    """Name the kinds of groups that this atlas has not, each with what the study would have to ask for."""
    lacking = {
        group.path.removesuffix("/*"): f" ({group.condition})" if group.condition else ""
        for group in GROUPS
        if group.at(tree.layers[0]) not in tree
    }
    named = ", ".join(f"/{path}{condition}" for path, condition in lacking.items())
    return [f"not measured: {named}"] if lacking else []
