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

_PRODUCT, _SUM, _ADDITION = 0.25, 30.0, 0.3
"""Nanoseconds of torch's 16 products; of one window's sum in a block of channels; of 16 weights that are added to it."""
_LEAST = 3
"""Additions whose time one takes at least, as each waits for the one before."""

Shape = tuple[int, ...]


class SpikeConvolution:
    """Currents of spikes with the bits of torch's own convolution.

    A product with a spike that is not there adds 0, which changes no sum, and one with a spike is the weight itself. So
    only the order counts: torch goes by row and column of the window and channel through all channels at once, or
    through 16 at a time and then adds up the sums. Which of the two it is, if either, is tried once for each shape.
    """

    def __init__(self, module: nn.Conv2d, *, exact: bool = True) -> None:
        """``module``: one that ``fits``; ``exact``: False takes the cheaper order, whatever torch's is."""
        self._module, self._exact = module, exact
        (high, wide), (down, right), (above, beside) = (
            module.kernel_size,
            module.stride,
            _pair(module.padding),
        )
        # a window of one pixel looks at no others than those that it stands on
        self._every = (down, right) if (high, wide, above, beside) == (1, 1, 0, 0) else (1, 1)
        down, right = down // self._every[0], right // self._every[1]
        self._window = Window(high, wide, down, right, above, beside)
        self._weights = _packed(module.weight.detach())
        bias = torch.zeros(module.out_channels) if module.bias is None else module.bias
        self._bias = bias.detach().contiguous().numpy()
        self._blocks: dict[Shape, int | None] = {}

    @staticmethod
    def fits(module: nn.Conv2d) -> bool:
        """Return True for a convolution of whole vectors of channels and filters, without gaps or groups."""
        whole = module.in_channels % LANES == module.out_channels % LANES == 0
        plain = module.groups == 1 and module.padding_mode == "zeros" and module.dilation == (1, 1)
        return whole and plain and not isinstance(module.padding, str)

    def __call__(self, spikes: Tensor) -> Tensor | None:
        """Currents (n, filters, h, w) of spikes float32 (n, channels, h, w), each 0 or 1.

        None where torch is faster, as there are many spikes, or sums in an order that is neither of the two.
        """
        shape = tuple(spikes.shape)
        if shape not in self._blocks:
            self._blocks[shape] = self._order(shape) if self._exact else shape[1]
        block = self._blocks[shape]
        if block is None:
            return None
        places = self._places(spikes)
        return self._currents(places, block, self._most(tuple(places.shape), block))

    def _places(self, spikes: Tensor) -> Tensor:
        """Spikes at the pixels that windows look at."""
        return spikes[:, :, :: self._every[0], :: self._every[1]]

    def _order(self, shape: Shape) -> int | None:
        """Return how many channels torch adds at once, or None."""
        spikes = (torch.randn(shape, generator=torch.Generator().manual_seed(0)) > 1).float()
        expected, most = self._module(spikes), int(spikes.count_nonzero())
        for block in (shape[1], LANES):
            currents = self._currents(self._places(spikes), block, most)
            if currents is not None and torch.equal(currents, expected):
                return block
        return None

    def _most(self, shape: Shape, block: int) -> int:
        """Return the number of spikes up to which adding their weights is faster than torch."""
        images, channels, height, width = shape
        high, wide = self._size(height, width)
        parts, size, lanes = self._weights.shape
        sums, vectors = images * high * wide * parts, lanes // LANES
        spare = sums * (_PRODUCT * size * vectors - _SUM * (channels // block))
        # of all windows, a spike stands in so many, if its map has no edges
        windows = size / channels * high * wide / (height * width)
        cost = _ADDITION * max(vectors, _LEAST) * parts * windows
        return min(max(0, int(spare / cost)), images * channels * height * width)

    def _size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the currents' map."""
        window = self._window
        return (
            (height + 2 * window.above - window.height) // window.down + 1,
            (width + 2 * window.beside - window.width) // window.right + 1,
        )

    def _currents(self, spikes: Tensor, block: int, most: int) -> Tensor | None:
        """Return the currents of at most so many spikes; None for more."""
        if most == 0:
            return None
        rows = spikes.contiguous(memory_format=torch.channels_last).movedim(1, 3).numpy()
        images, height, width, channels = rows.shape
        events = np.empty(most + LANES, np.int32)
        starts = np.empty((images, channels // block, height, width + 1), np.int32)
        if list_spikes(rows, block, PLACES, SIZES, events, starts) < 0:
            return None
        currents = np.empty((images, *self._size(height, width), len(self._bias)), np.float32)
        add_events(events, starts, self._weights, self._bias, self._window, currents)
        return torch.from_numpy(currents).movedim(3, 1)


def _pair(padding: tuple[int, ...] | str) -> tuple[int, ...]:
    """Padding in numbers."""
    assert not isinstance(padding, str)
    return padding


def _packed(weights: Tensor) -> Floats:
    """Return weights (filters, channels, h, w) as (parts, h w channels, filters / parts)."""
    filters = len(weights)
    lanes = next(size for size in (4 * LANES, 2 * LANES, LANES) if filters % size == 0)
    rows = weights.permute(2, 3, 1, 0).reshape(-1, filters // lanes, lanes)
    packed: Floats = np.ascontiguousarray(rows.transpose(0, 1).numpy())
    return packed
