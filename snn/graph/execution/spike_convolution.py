"""A convolution of spikes that adds only the weights of those that are there, in the order that torch adds them in."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from spikeatlas.snn.graph.execution.event_loops import (
    PLACES,
    SIZES,
    Window,
    add_events,
    list_spikes,
)
from spikeatlas.snn.graph.execution.values import Floats
from spikeatlas.snn.graph.execution.vector_operations import LANES

_PER_PRODUCT, _PER_SUM, _PER_VECTOR = 0.25, 30.0, 0.3
"""Nanoseconds of torch's 16 products, of a window's sum in a block of channels, and of 16 weights that are added to it."""
_LEAST_VECTORS = 3
"""Vectors that an addition costs at least: one waits for the other."""


class SpikeConvolution:
    """Currents of spikes, bit for bit as torch's convolution sums them.

    A product with a spike that is not there adds 0, which changes no sum, and one with a spike is the weight. So only
    the order counts in which weights are added. Torch's own goes through the channels by 16, or through all
    at once; which one, if any, is tried for each shape on random spikes.
    """

    def __init__(self, module: nn.Conv2d, *, exact: bool = True) -> None:
        """``exact``: False takes the cheaper order, whatever torch's is."""
        self._module, self._exact = module, exact
        self._window = Window(*module.kernel_size, *module.stride, *module.padding)  # type: ignore[arg-type]
        self._weights = _packed(module.weight)
        bias = torch.zeros(module.out_channels) if module.bias is None else module.bias
        self._bias = bias.detach().contiguous().numpy()
        self._blocks: dict[tuple[int, ...], int | None] = {}

    @staticmethod
    def fits(module: nn.Conv2d) -> bool:
        """Return True for a convolution of whole vectors of channels and filters."""
        whole = module.in_channels % LANES == module.out_channels % LANES == 0
        plain = module.groups == 1 and module.padding_mode == "zeros"
        return whole and plain and set(module.dilation) == {1} and isinstance(module.padding, tuple)

    def __call__(self, spikes: Tensor) -> Tensor | None:
        """Currents (n, filters, h, w) of spikes (n, channels, h, w), 0 or 1.

        None where torch is faster: it sums in another order, or there are many spikes.
        """
        shape = tuple(spikes.shape)
        if shape not in self._blocks:
            self._blocks[shape] = self._order(shape) if self._exact else shape[1]
        block = self._blocks[shape]
        return None if block is None else self._sums(spikes, block, self._most(shape, block))

    def _order(self, shape: tuple[int, ...]) -> int | None:
        """Return how many channels torch adds together, all or 16, or None."""
        random = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        spikes = (random > 1).float()
        expected = self._module(spikes)
        for block in (shape[1], LANES):
            currents = self._sums(spikes, block, spikes.numel())
            if currents is not None and torch.equal(currents, expected):
                return block
        return None

    def _most(self, shape: tuple[int, ...], block: int) -> int:
        """Return the number of spikes up to which adding is faster than torch."""
        images, channels, height, width = shape
        high, wide = self._size(height, width)
        taps, lanes = self._window.height * self._window.width, self._weights.shape[2]
        parts, vectors = len(self._weights), lanes // LANES
        sums = images * high * wide * parts
        products = sums * taps * channels * vectors
        left = _PER_PRODUCT * products - _PER_SUM * sums * (channels // block)
        each = _PER_VECTOR * max(vectors, _LEAST_VECTORS) * parts * taps
        return max(0, min(int(left / each * height * width / (high * wide)), images * channels * height * width))

    def _size(self, height: int, width: int) -> tuple[int, int]:
        window = self._window
        return (
            (height + 2 * window.above - window.height) // window.down + 1,
            (width + 2 * window.left - window.width) // window.right + 1,
        )

    def _sums(self, spikes: Tensor, block: int, most: int) -> Tensor | None:
        """Return the currents of at most so many spikes."""
        if most == 0:
            return None
        rows = spikes.contiguous(memory_format=torch.channels_last).movedim(1, 3).numpy()
        images, height, width, channels = rows.shape
        events = np.empty(most + LANES, np.int32)
        starts = np.empty((images, channels // block, height, width + 1), np.int32)
        if list_spikes(rows, block, PLACES, SIZES, events, starts) < 0:
            return None
        filters = len(self._weights) * self._weights.shape[2]
        currents = np.empty((images, *self._size(height, width), filters), np.float32)
        add_events(events, starts, self._weights, self._bias, self._window, currents)
        return torch.from_numpy(currents).movedim(3, 1)


def _packed(weights: Tensor) -> Floats:
    """Return weights (filters, channels, h, w) as (parts, h w channels, filters / parts)."""
    filters = len(weights)
    lanes = next(size for size in (64, 32, LANES) if filters % size == 0)
    rows = weights.detach().permute(2, 3, 1, 0).reshape(-1, filters // lanes, lanes)
    packed: Floats = np.ascontiguousarray(rows.transpose(0, 1).numpy())
    return packed
