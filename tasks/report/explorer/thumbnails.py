"""Which stimuli of a layer stand in the page, and on which tile of which sheets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from spikeatlas.snn.data import Split
from spikeatlas.tasks.atlas import settled
from spikeatlas.tasks.report.grid import PICTURED
from spikeatlas.tasks.report.summary import Array, Layer, Summary, by_search, diverse_at


def best_tiles(layer: Layer) -> Array:
    """(E, N) tile of each neuron's MEI among those of its epoch; -1 where there is none to show."""
    return np.stack([_numbered(shown) for shown in np.isin(layer.status, PICTURED)])


def best_images(layer: Layer, row: int) -> Array:
    """The MEIs of one epoch, in the order of their tiles."""
    shown: Array = layer.mei[row][np.isin(layer.status[row], PICTURED)]
    return shown


def other_tiles(group: xr.Dataset, place: Array) -> Array:
    """(E, N, methods x repeats) tile of each search that is not its neuron's best (at ``place``)."""
    return np.stack([_numbered(shown) for shown in _others(group, place)])


def other_images(group: xr.Dataset, place: Array, row: int) -> Array:
    """The images of those searches of one epoch, in the order of their tiles."""
    shown = _others(group.isel(epoch=[row]), place[[row]])[0]
    images = group.mei.isel(epoch=row).transpose("neuron", "method", "repeat", ...).values
    found: Array = images.reshape(*shown.shape, *images.shape[3:])[shown]
    return found


def _others(group: xr.Dataset, place: Array) -> Array:
    shown = by_search(group.status.isin(PICTURED))
    np.put_along_axis(shown, place[..., None], values=False, axis=2)
    return shown


def diverse_stimuli(group: xr.Dataset, place: Array) -> dict[str, Array]:
    """How many each best search found (E, N), and the responses to them (E, N, ranks)."""
    if "diverse" not in group:
        return {}
    found = [diverse_at(group, place, row) for row in range(len(place))]
    ended = np.take_along_axis(by_search(settled(group.status)), place[..., None], axis=2)[..., 0]
    return {
        "diverse_count": np.where(ended, np.stack([each.counts for each in found]), 0),
        "diverse_response": np.stack([each.responses for each in found]),
    }


def diverse_images(group: xr.Dataset, place: Array, counts: Array, row: int) -> Array:
    """Those stimuli of one epoch: the first neuron's first, ``counts`` (E, N) of each."""
    found = diverse_at(group, place, row)
    kept = np.arange(found.images.shape[1]) < counts[row][:, None]
    shown: Array = found.images[kept]
    return shown


def natural_order(summary: Summary) -> list[int]:
    """The test images that any neuron likes best, each once: those of first rank and late epochs first."""
    found: dict[int, None] = {}
    ranks = summary.layers[0].top.shape[2]
    for rank in range(ranks):
        for row in reversed(range(len(summary.epochs))):
            for layer in summary.layers:
                liked = layer.top_response[row, :, rank] > 0
                found |= dict.fromkeys(layer.top[row, liked, rank].tolist())
    return [index for index in found if index >= 0]


def natural_images(test: Split, order: Sequence[int]) -> Array:
    """The test images of that order."""
    images: Array = test.images[np.array(order, int)]
    return images


def _numbered(shown: Array) -> Array:
    """Numbers 0, 1 ... where something is shown, in order; -1 elsewhere."""
    return np.where(shown, shown.ravel().cumsum().reshape(shown.shape) - 1, -1)
