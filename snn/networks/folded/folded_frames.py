"""Currents of many frames: convolution and pool, some frames at a time, so that maps in between stay in the caches.

The values are those of torch's convolution and pool over all frames at once, bit for bit; the gradients are up to
rounding. That of a maximum goes back to one of four places only (``input_slopes``). That of an average, which is
linear, goes through both in one convolution of stride 2: its kernel, one wider, is

    K[i, j] = (k[i, j] + k[i - 1, j] + k[i, j - 1] + k[i - 1, j - 1]) / 4,

k that of the operator, 0 beyond its ends: 9/4 times fewer products for 3x3.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.networks.folded.input_slopes import input_slopes
from spikeatlas.snn.networks.folded.map_pools import (
    Maps,
    average_maps,
    largest_of_maps,
    spread_to_largest,
)
from spikeatlas.snn.networks.folded.weight_slopes import (
    are_sparse,
    strided_weight_slopes,
    weight_slopes,
)

_BYTES = 2**22
"""Of maps before their pool that are computed at a time: what a core has of the last cache."""
_FEWEST = 16
"""Frames of a piece: torch computes fewer, if maps or kernels are small, by another library, and sums otherwise."""
_SHIFTS = ((0, 0), (0, 1), (1, 0), (1, 1))


def can_fold(operator: nn.Module, pool: nn.Module | None, inputs: Tensor) -> bool:
    """Tell whether ``folded_currents`` computes this operator and pool of frames (n, ...)."""
    if type(operator) is not nn.Conv2d or pool is None or not _of_two(pool):
        return False
    steps = (operator.stride, operator.dilation, operator.groups)
    values = (inputs, *operator.parameters())
    single = all(value.dtype == torch.float32 and value.device.type == "cpu" for value in values)
    hooked = any(part._forward_hooks or part._forward_pre_hooks for part in (operator, pool))  # noqa: SLF001
    plain = steps == ((1, 1), (1, 1), 1) and _stands_on_maps(operator) and single and not hooked
    return plain and not torch.is_autocast_enabled("cpu")


def _stands_on_maps(operator: nn.Conv2d) -> bool:
    """Tell whether every window has a row and a column of the map, around which there are zeros."""
    if operator.padding_mode != "zeros" or isinstance(operator.padding, str):
        return False
    pairs = zip(operator.padding, operator.kernel_size, strict=True)
    return all(beyond < size for beyond, size in pairs)


def _of_two(pool: nn.Module) -> bool:
    """Tell whether this is a pool of 2x2 as layers have it."""
    if type(pool) is nn.AvgPool2d:
        return repr(pool) == repr(nn.AvgPool2d(2)) and pool.divisor_override is None
    return type(pool) is nn.MaxPool2d and repr(pool) == repr(nn.MaxPool2d(2))


def folded_currents(
    operator: nn.Conv2d, pool: nn.Module | None, frames: Tensor, *, still: bool = False
) -> Tensor:
    """Pooled currents (n, channels, h, w) of frames (n, c, h, w), with gradients; see ``can_fold``.

    ``still``: one frame an image, so few that gradients of weights are summed over all at once.
    """
    row: type[_Pooled] = _Largest if isinstance(pool, nn.MaxPool2d) else _Average
    currents: Tensor = row.apply(frames, operator.weight, operator.bias, operator.padding, still)
    return currents


class _Pooled(torch.autograd.Function):
    """Frames, weights and biases to pooled currents."""

    @staticmethod
    def pieces(frames: Tensor, weight: Tensor, size: tuple[int, int]) -> list[slice]:
        """Return the frames of each piece, ``size`` being that of a map before its pool."""
        return _pieces(len(frames), 4 * len(weight) * size[0] * size[1])

    @staticmethod
    def maps(
        frames: Tensor, weight: Tensor, bias: Tensor | None, padding: tuple[int, int]
    ) -> Iterator[tuple[slice, Maps]]:
        """Yield the frames of each piece, and their maps before the pool."""
        for piece in _Pooled.pieces(frames, weight, _size(frames, weight, padding)):
            maps = functional.conv2d(frames[piece], weight, bias, padding=padding)
            yield piece, maps.contiguous().numpy()

    @staticmethod
    def room(frames: Tensor, weight: Tensor, padding: tuple[int, int]) -> Tensor:
        """Return memory for all pooled currents."""
        height, width = _size(frames, weight, padding)
        return frames.new_empty((len(frames), len(weight), height // 2, width // 2))


class _Average(_Pooled):
    """With the mean of each 2x2."""

    @staticmethod
    def forward(
        ctx: Any,
        frames: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        padding: tuple[int, int],
        still: bool,
    ) -> Tensor:
        del still
        pooled = _Pooled.room(frames, weight, padding)
        for piece, maps in _Pooled.maps(frames, weight, bias, padding):
            average_maps(maps, pooled[piece].numpy())
        ctx.save_for_backward(frames, weight)
        ctx.padding, ctx.biased = padding, bias is not None
        return pooled

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        frames, weight = ctx.saved_tensors
        wider = _kernel_over_means(weight)
        arriving, (frames_too, weight_too) = gradients[0].contiguous(), ctx.needs_input_grad[:2]
        few = weight_too and are_sparse(frames)
        slope = _strided_input_slopes(arriving, frames, wider, ctx.padding) if frames_too else None
        mask = (False, weight_too and not few, ctx.biased)
        _, wide, bias = _slopes(arriving, frames, wider, ctx.padding, mask, stride=2)
        if few:
            wide = strided_weight_slopes(arriving, frames, ctx.padding, wider)
        return slope, None if wide is None else _kernel_over_means_turned(wide), bias, None, None


class _Largest(_Pooled):
    """With the largest of each 2x2."""

    @staticmethod
    def forward(
        ctx: Any,
        frames: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        padding: tuple[int, int],
        still: bool,
    ) -> Tensor:
        pooled = _Pooled.room(frames, weight, padding)
        places = torch.empty(pooled.shape, dtype=torch.uint8)
        for piece, maps in _Pooled.maps(frames, weight, bias, padding):
            largest_of_maps(maps, pooled[piece].numpy(), places[piece].numpy())
        ctx.save_for_backward(frames, weight, places)
        ctx.padding, ctx.biased, ctx.still = padding, bias is not None, still
        return pooled

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        frames, weight, places = ctx.saved_tensors
        arriving, (frames_too, weight_too) = gradients[0].contiguous(), ctx.needs_input_grad[:2]
        slope, kernel = None, None
        if frames_too:
            slope = input_slopes(arriving, places, weight, ctx.padding, frames.shape)
        if weight_too and are_sparse(frames):
            kernel = weight_slopes(arriving, places, frames, ctx.padding, weight)
        elif weight_too:
            kernel = _dense_slopes(ctx, arriving, places, frames, weight)
        bias = arriving.sum((0, 2, 3)) if ctx.biased else None
        return slope, kernel, bias, None, None


def _strided_input_slopes(
    arriving: Tensor, frames: Tensor, weight: Tensor, padding: tuple[int, int]
) -> Tensor:
    """Gradients of frames of a convolution of stride 2, by torch's own, some frames at a time."""
    result, only_frames = torch.empty_like(frames), (True, False, False)
    for piece in _pieces(len(frames), frames[0].nbytes):
        some = _slopes(arriving[piece], frames[piece], weight, padding, only_frames, stride=2)
        result[piece] = cast("Tensor", some[0])
    return result


def _dense_slopes(
    ctx: Any, arriving: Tensor, places: Tensor, frames: Tensor, weight: Tensor
) -> Tensor:
    """Gradients of weights, of those of pooled currents, by torch's own convolution."""
    total, size = torch.zeros_like(weight), _size(frames, weight, ctx.padding)
    for piece in [slice(None)] if ctx.still else _Pooled.pieces(frames, weight, size):
        maps = arriving.new_empty((*arriving[piece].shape[:2], *size))
        spread_to_largest(arriving[piece].numpy(), places[piece].numpy(), maps.numpy())
        part = _slopes(maps, frames[piece], weight, ctx.padding, (False, True, False))[1]
        total += cast("Tensor", part)
    return total


def _pieces(count: int, size: int) -> list[slice]:
    """Return the frames of each piece, out of so many that take so many bytes each."""
    pieces = max(1, min(-(-count * size // _BYTES), count // _FEWEST))
    ends = [count * number // pieces for number in range(pieces + 1)]
    return [slice(*pair) for pair in pairwise(ends)]


def _size(frames: Tensor, weight: Tensor, padding: tuple[int, int]) -> tuple[int, int]:
    """Size (h, w) of a map before its pool."""
    height, width = (
        side + 2 * beyond - kernel + 1
        for side, beyond, kernel in zip(frames.shape[2:], padding, weight.shape[2:], strict=True)
    )
    return height, width


def _slopes(
    arriving: Tensor,
    frames: Tensor,
    weight: Tensor,
    padding: tuple[int, int],
    mask: tuple[bool, bool, bool],
    *,
    stride: int = 1,
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Gradients of frames, weights and biases, those that are asked for, by torch's own convolution."""
    steps, every = [stride, stride], [1, 1]
    slopes: tuple[Tensor | None, Tensor | None, Tensor | None] = (
        torch.ops.aten.convolution_backward(
            arriving, frames, weight, [len(weight)], steps, padding, every, False, [0, 0], 1, mask
        )
    )
    return slopes


def _kernel_over_means(weight: Tensor) -> Tensor:
    """Return the kernel K of the module."""
    high, wide = weight.shape[2:]
    result = weight.new_zeros((*weight.shape[:2], high + 1, wide + 1))
    for down, right in _SHIFTS:
        result[:, :, down : down + high, right : right + wide] += weight
    return result / 4


def _kernel_over_means_turned(gradient: Tensor) -> Tensor:
    """Return the gradient of k, of that of K."""
    high, wide = gradient.shape[2] - 1, gradient.shape[3] - 1
    parts = [gradient[:, :, down : down + high, right : right + wide] for down, right in _SHIFTS]
    return torch.stack(parts).sum(0) / 4
