"""Answers about single neurons: a data frame, and their stimuli as pictures."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from PIL import Image

from spikeatlas.snn.atomic import write_picture
from spikeatlas.tasks.atlas import (
    STATUS,
    UNPLANNED,
    Tree,
    alive,
    best_search,
    layer_rows,
    layout_of,
    open_tree,
    require_searched,
    settled,
)
from spikeatlas.tasks.inspect.known import told_known
from spikeatlas.tasks.study.location import Place

SHEET = 64
"""Most stimuli on one picture."""


class Selection(NamedTuple):
    """The results to show; None: all (layer, neuron), the best (method, repeat), or the last (epoch)."""

    epoch: float | None
    layer: str | None
    neuron: int | None
    method: str | None
    repeat: int | None


class NeuronResults(NamedTuple):
    """Neurons with one result each."""

    frame: pd.DataFrame
    """One row a neuron."""
    results: list[xr.Dataset]
    """One a neuron: scalars, ``mei`` (channel, y, x) and ``latent``."""


def read_neurons(path: Place, selection: Selection) -> NeuronResults:
    """Return the selected neurons, each with its best result, or with that of one method or repeat.

    The best is that of the most exciting image, unless the method named, or all, looked for the least exciting one.

    Raises ValueError when the atlas has no such epoch, layer, neuron, method or repeat.
    """
    require_searched(path)
    with open_tree(path) as tree:
        epochs = tree.progress.epoch.values.tolist()
        epoch = epochs[-1] if selection.epoch is None else selection.epoch
        require_known("--epoch", epoch, epochs)
        if selection.layer is not None:
            require_known("--layer", selection.layer, tree.layers)
        results = [
            result
            for layer in tree.layers
            if selection.layer in (None, layer)
            for result in _layer(tree, epoch, layer, selection)
        ]
        frame = _frame(results)
        if (layout := layout_of(tree.root)).units:
            units = [layout.unit(layer).name for layer in frame["layer"]]
            frame.insert(list(frame.columns).index("response") + 1, "unit", units)
    return NeuronResults(frame, results)


def require_known(option: str, value: object, allowed: Iterable[object]) -> None:
    """Raise ValueError, naming what there is, unless ``value`` is among ``allowed``."""
    allowed = list(allowed)
    if value not in allowed:
        names = ", ".join(f"{a:g}" if isinstance(a, float) else str(a) for a in allowed)
        message = f"{option} {value}: the atlas has {names}"
        raise ValueError(message)


OPTIONS = {"neuron": "neuron", "method": "search", "repeat": "repeat"}
"""Dimensions that a selection chooses along, by its fields."""


def _layer(tree: Tree, epoch: float, layer: str, selection: Selection) -> list[xr.Dataset]:
    group = tree.layer(layer, "layers", "image", "latent", "natural").sel(epoch=epoch)
    group = group[["mei", "latent", "response", "status", "images_shown", "natural_response"]]
    group["mei_class"] = _mei_class(tree, epoch, layer, group)
    group = group.assign(told_known(tree, layer, epoch))
    for name, dim in OPTIONS.items():
        value = getattr(selection, name)
        if value is not None:
            require_known(f"--{name}", value, group[dim].values.tolist())
            group = group.sel({dim: [value]})
    places = best_search(group.response, group.status)
    searches = group.stack(place=("search", "repeat"))
    return [
        searches.isel(neuron=row, place=int(place)).assign_attrs(layer=layer).load()
        for row, place in enumerate(places)
    ]


def _mei_class(tree: Tree, epoch: float, layer: str, group: xr.Dataset) -> xr.DataArray:
    rows: xr.DataArray = layer_rows(tree["meis"].sel(epoch=epoch), layer).mei_class
    return rows.drop_vars(["layer", "neuron_index"]).assign_coords(neuron=group.neuron.values)


def _frame(results: list[xr.Dataset]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "epoch": result.epoch.item(),
                "layer": result.attrs["layer"],
                "neuron": result.neuron.item(),
                "response": result.response.item(),
                "status": STATUS[int(result.status.item())],
                "method": str(result["search"].item()),
                "repeat": result.repeat.item(),
                "images": result.images_shown.item(),
                "best known": result.best_known.item(),
                "known from": result.known_from.item(),
                "class read": _class(result),
                "best class": _preferred(result),
                "latent": result.latent.values.tolist(),
            }
            for result in results
        ]
    )


def _class(result: xr.Dataset) -> str:
    row = int(result.mei_class.item())
    return str(result["category"].values[row]) if row >= 0 else "none"


def _preferred(result: xr.Dataset) -> str:
    means = result.natural_response.values
    if not np.nan_to_num(means).any():
        return "none"
    return str(result["category"].values[int(np.nanargmax(means))])


def save_image(neurons: NeuronResults, path: Path) -> None:
    """Write the stimulus of one neuron as a PNG at its own size.

    Raises ValueError when there are more neurons, or the search has no result.
    """
    if len(neurons.results) != 1:
        message = f"--image takes one neuron, but {len(neurons.results)} were found: give --layer and --neuron"
        raise ValueError(message)
    result = neurons.results[0]
    if result.status.item() == UNPLANNED:
        message = (
            f"repeat {result.repeat.item()} is not planned at epoch {result.epoch.item():g}: ask for a smaller "
            "--repeat, or add the epoch to search.repeats_at"
        )
        raise ValueError(message)
    if not settled(result.status).item():
        message = f"this neuron has no image yet (status {STATUS[int(result.status.item())]}): run the study to its end"
        raise ValueError(message)
    if not alive(result.status).item():
        message = "this neuron is silent: no stimulus of the search drove it, so there is no image"
        raise ValueError(message)
    file = BytesIO()
    Image.fromarray(_pixels(result)).save(file, format="PNG")
    write_picture(path, file.getvalue())


def draw_stimuli(neurons: NeuronResults, path: Path) -> None:
    """Draw the stimuli of all neurons on one PNG; a gap where there is none.

    Raises ValueError for more than ``SHEET`` neurons.
    """
    if len(neurons.results) > SHEET:
        message = f"--png draws at most {SHEET} neurons, but {len(neurons.results)} were found: give --layer or --neuron"
        raise ValueError(message)
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and most answers are tables

    columns = min(8, len(neurons.results))
    rows = -(-len(neurons.results) // columns)
    figure = Figure(figsize=(1.3 * columns, 1.6 * rows), layout="constrained")
    for axes, result in zip(
        figure.subplots(rows, columns, squeeze=False).flat, neurons.results, strict=False
    ):
        title = f"{result.attrs['layer']} {result.neuron.item()}\n{result.response.item():.3g}"
        axes.set_title(title, fontsize=8, parse_math=False)
        if alive(result.status).item():
            axes.imshow(_pixels(result), cmap="gray", vmin=0, vmax=255)
    for axes in figure.axes:
        axes.set_axis_off()
    file = BytesIO()
    figure.savefig(file, format="png", dpi=120)
    write_picture(path, file.getvalue())


def _pixels(result: xr.Dataset) -> NDArray[np.uint8]:
    """(height, width) or (height, width, 3)."""
    image: NDArray[np.uint8] = np.moveaxis(result.mei.values, 0, -1)
    return image[..., 0] if image.shape[-1] == 1 else image
