"""Weights and neurons as the compiled loops want them: 32 lanes a vector."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from spikeatlas.snn.networks import SpikingLayer
from spikeatlas.snn.neurons.rules.channel_scan import Channels
from spikeatlas.snn.neurons.rules.rule import VALUES
from spikeatlas.snn.responder.kernels.fire import Cells
from spikeatlas.snn.responder.kernels.tiles import Filters
from spikeatlas.snn.responder.kernels.tiling import LANES, Axis, Tiling, lanes_of_a_place
from spikeatlas.snn.responder.known_modules import is_leaky, layer_neurons
from spikeatlas.snn.responder.shapes import LayerShape, pair
from spikeatlas.snn.responder.sites import Feed, Site

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
_GUARD = 64
"""Units of a margin: five times the largest rounding that was measured."""


@dataclasses.dataclass(frozen=True, eq=False)
class Weights:
    """One layer's operator and neurons, as arrays over its filters."""

    values: Floats
    """(filters, kernel height, kernel width, channels)."""
    bias: Floats
    """(filters,)."""
    neurons: Channels


def operator_weights(layer: SpikingLayer, shape: LayerShape, feed: Feed) -> Floats:
    """Weights (filters, kernel height, kernel width, channels) of a layer's spikes, counted as 0 and 1.

    Times the height of these spikes, over the window of a pool that averages, and where spikes have signs, which come as
    two maps one behind the other, for both.
    """
    weight = layer.operator.weight.detach()
    if isinstance(layer.pool, nn.AvgPool2d):
        weight = _averaged(layer, shape)
    square = (shape.filters, shape.channels, shape.height.kernel, shape.width.kernel)
    values = weight.reshape(square).permute(0, 2, 3, 1)
    if feed.height != 1:
        values = values * feed.height
    if feed.signed:
        values = torch.cat([values, -values], 3)
    result: Floats = values.contiguous().numpy().copy()
    return result


def _averaged(layer: SpikingLayer, shape: LayerShape) -> torch.Tensor:
    """Weights (filters, channels, rows, columns) over the window of the means of a pool, which are linear too."""
    operator, pool = layer.operator, layer.pool
    assert isinstance(operator, nn.Conv2d)
    assert isinstance(pool, nn.AvgPool2d)
    kernel, weight = operator.kernel_size, operator.weight.detach().double()
    sides = pair(pool.kernel_size)
    total = weight.new_zeros(*weight.shape[:2], shape.height.kernel, shape.width.kernel)
    for down, right in np.ndindex(*sides):
        y, x = down * operator.stride[0], right * operator.stride[1]
        total[:, :, y : y + kernel[0], x : x + kernel[1]] += weight
    return (total / (sides[0] * sides[1])).float()


def operator_bias(layer: SpikingLayer) -> Floats:
    """Bias (filters,), 0 where there is none."""
    bias = layer.operator.bias
    values = torch.zeros(layer.size) if bias is None else bias.detach()
    result: Floats = values.numpy().copy()
    return result


def layer_weights(site: Site, feed: Feed) -> Weights:
    """Copy a layer's weights."""
    values = operator_weights(site.layer, site.shape, feed)
    return Weights(values, operator_bias(site.layer), layer_neurons(site.layer, site.time_steps))


def lanes(
    site: Site, feed: Feed, tiling: Tiling, neurons: Sequence[int], *, guarded: bool = False
) -> Filters:
    """Copy a layer's weights and deal the filters of ``neurons`` out to the lanes of a tiling."""
    return dealt(layer_weights(site, feed), tiling, neurons, guarded=guarded)


def dealt(
    weights: Weights, tiling: Tiling, neurons: Sequence[int], *, guarded: bool = False
) -> Filters:
    """Deal the filters of ``neurons`` out to the lanes of a tiling."""
    # a group of lanes holds the filters of a place, then those of the next one
    lane, group = np.arange(tiling.blocks * LANES), lanes_of_a_place(tiling)
    place, number = lane // group, lane % group
    sides = (tiling.height.tile, tiling.width.tile)
    used = (place < sides[0] * sides[1]) & (number < len(neurons))
    number, place = np.where(used, number, 0), np.where(used, place, 0)
    down, right = np.divmod(place, sides[1])
    pick = np.asarray(neurons, np.int64)[number]
    return Filters(
        weights=_dealt_weights(weights, tiling, np.where(used, pick, -1), np.stack([down, right])),
        bias=np.where(used, weights.bias[pick], np.float32(0)),
        cells=_cells(weights.neurons, pick, used),
        neuron=np.where(used, number, -1),
        down=down,
        right=right,
        margin=np.where(used, _margins(weights)[pick], np.float32(0)),
        guarded=guarded,
    )


def _cells(neurons: Channels, pick: Indices, used: npt.NDArray[np.bool_]) -> Cells:
    """Neurons of the lanes; those of lanes without one never fire, so that no layer behind looks at them."""
    values = neurons.values[:, pick]
    values[VALUES.index("theta"), ~used] = np.finfo(np.float32).max
    return Cells(
        codes=neurons.codes,
        values=np.ascontiguousarray(values).reshape(-1),
        scale=np.ascontiguousarray(neurons.scale[:, pick]).reshape(-1),
        shift=np.ascontiguousarray(neurons.shift[:, pick]).reshape(-1),
        norms=len(neurons.scale),
        plain=is_leaky(neurons),
    )


def _margins(weights: Weights) -> Floats:
    """Distances float32 (filters,) from the threshold within which the order of sums may decide on a spike.

    A membrane's rounding goes with the size of its current, that is with the weights' norm: 1.3 times 2^-24 of it in
    standard deviation, and up to 14 times among six million neurons and steps that were measured.
    """
    norms = np.sqrt((weights.values.astype(np.float64) ** 2).sum(axis=(1, 2, 3)))
    margins: Floats = (_GUARD * 2.0**-24 * norms).astype(np.float32)
    return margins


def _dealt_weights(weights: Weights, tiling: Tiling, pick: Indices, places: Indices) -> Floats:
    """Weights (blocks, window rows, window columns, channels, 32), flat and aligned.

    Channels that the layer before stores without having neurons for them keep weight 0. ``pick``:
    filter of each lane that a pool leaves (-1: none); ``places`` (2, lanes): its neuron's
    place in the tile.
    """
    window = (tiling.height.window, tiling.width.window, tiling.channels)
    flat = aligned(tiling.blocks * int(np.prod(window)) * LANES)
    target = flat.reshape(tiling.blocks, *window, LANES)
    _, rows, columns, channels = weights.values.shape
    # positions of a pool's window that are no passes
    pool = [axis.pool // axis.passes for axis in (tiling.height, tiling.width)]
    for group, (y, x) in enumerate(np.ndindex(*pool)):
        for lane in np.flatnonzero(pick >= 0):
            row = _first(tiling.height, int(places[0, lane]), y)
            column = _first(tiling.width, int(places[1, lane]), x)
            block, number = divmod(int(lane) + group * (LANES // tiling.fold), LANES)
            view = target[block, row : row + rows, column : column + columns, :channels, number]
            view[:] = weights.values[pick[lane]]
    return flat


def _first(axis: Axis, place: int, position: int) -> int:
    """First input, in a tile's window, of a position of the pool of a neuron of the tile."""
    return (place * (axis.lead // axis.tile) + position) * axis.pass_step


def aligned(size: int, kind: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """Zeros (size,) that begin at a multiple of 64 bytes, so that a vector is one cache line."""
    width = np.dtype(kind).itemsize
    raw = np.zeros(size * width + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size * width].view(kind)
