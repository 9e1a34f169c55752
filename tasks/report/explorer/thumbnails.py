"""The stimuli of a layer that stand in the page, and the tiles that they have on its sheets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from spikeatlas.snn.data import Split
from spikeatlas.tasks.atlas import at_search, by_search, settled
from spikeatlas.tasks.report.atlas_words import answered
from spikeatlas.tasks.report.averages import Array
from spikeatlas.tasks.report.grid import PICTURED
from spikeatlas.tasks.report.layers import LayerSummary, LeastExciting, diverse_at
from spikeatlas.tasks.report.summary import Summary


def best_tiles(best: LayerSummary | LeastExciting) -> Array:
    """Return the tile (E, N) of each neuron's best image among those of its epoch; -1 where there is none to show."""
    return np.stack([_numbered(pictured) for pictured in np.isin(best.status, PICTURED)])


def best_images(layer: LayerSummary, row: int) -> Array:
    """Return the MEIs of one epoch, in the order of their tiles."""
    images: Array = layer.mei[row][np.isin(layer.status[row], PICTURED)]
    return images


def least_images(layer: LayerSummary, row: int) -> Array:
    """Return the least exciting images of one epoch, in the order of their tiles; none where they were not sought."""
    if layer.least is None:
        return np.empty(0, np.uint8)
    images: Array = layer.least.mei[row][np.isin(layer.least.status[row], PICTURED)]
    return images


def other_tiles(group: xr.Dataset, layer: LayerSummary) -> Array:
    """Return the tile (E, N, searches x repeats) of each search that is not its neuron's best of either sign."""
    return np.stack([_numbered(pictured) for pictured in _others(group, _places(layer))])


def other_images(group: xr.Dataset, layer: LayerSummary, row: int) -> Array:
    """Return the images of those searches of one epoch, in the order of their tiles."""
    places = [place[[row]] for place in _places(layer)]
    pictured = _others(group.isel(epoch=[row]), places)[0]
    images: Array = by_search(group.mei.isel(epoch=row))[pictured]
    return images


def _places(layer: LayerSummary) -> list[Array]:
    return [layer.place, *([] if layer.least is None else [layer.least.place])]


def _others(group: xr.Dataset, places: Sequence[Array]) -> Array:
    pictured = by_search(group.status.isin(PICTURED))
    for place in places:
        np.put_along_axis(pictured, place[..., None], values=False, axis=2)
    return pictured


def diverse_stimuli(group: xr.Dataset, place: Array) -> dict[str, Array]:
    """Return the number of stimuli that each best search found (E, N), and the responses to them (E, N, alternatives)."""
    if "diverse" not in group:
        return {}
    epochs = [diverse_at(group, place, row) for row in range(len(place))]
    ended = at_search(settled(group.status), place)
    return {
        "diverse_count": np.where(ended, np.stack([diverse.counts for diverse in epochs]), 0),
        "diverse_response": np.stack([diverse.responses for diverse in epochs]),
    }


def diverse_images(group: xr.Dataset, place: Array, counts: Array, row: int) -> Array:
    """Return those stimuli of one epoch: the first neuron's first, ``counts`` (E, N) of each."""
    images = diverse_at(group, place, row).images
    within: Array = images[np.arange(images.shape[1]) < counts[row][:, None]]
    return within


def natural_order(summary: Summary) -> list[int]:
    """Return the test images that any neuron likes best, each once: those of first rank and late epochs first."""
    order: dict[int, None] = {}
    ranks = summary.layers[0].top.shape[2]
    for rank in range(ranks):
        for row in reversed(range(len(summary.epochs))):
            for layer in summary.layers:
                unit = summary.layout.unit(layer.name)
                liked = answered(layer.top_response[row, :, rank], unit)
                order |= dict.fromkeys(layer.top[row, liked, rank].tolist())
    return [index for index in order if index >= 0]


def natural_images(test: Split, order: Sequence[int]) -> Array:
    """Return the test images of that order."""
    images: Array = test.images[np.array(order, int)]
    return images


def _numbered(pictured: Array) -> Array:
    """Return numbers 0, 1 ... where there is a picture, in order; -1 elsewhere."""
    return np.where(pictured, pictured.ravel().cumsum().reshape(pictured.shape) - 1, -1)
