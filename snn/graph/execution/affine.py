"""Batch normalisation in evaluation, as the one fused multiply-add that it is.

Its two constants are read off the module by probing: weight / sqrt(var + eps), in any precision, is not torch's scale.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spikeatlas.snn.neurons.rules.rule_run import rounds_once
from spikeatlas.snn.neurons.rules.rule_scan import affine

_LARGE = 2.0**60
"""Beside it a shift is lost in rounding, so the result is the scale times this."""
_ROWS = 512


@torch.no_grad()
def scale_and_shift(norm: nn.Module, channels: int, dims: int) -> Tensor | None:
    """Return scale and shift (2, channels) float32 of a batch normalisation, or None where it is no such thing.

    ``norm``: a module in evaluation that maps (n, channels, *map) to the same shape, the map of ``dims`` axes. None
    unless one fused multiply-add gives the module's bits on random numbers, in both layouts of memory.
    """
    if norm.training or getattr(norm, "running_mean", None) is None or not rounds_once():
        return None
    shape = (1, channels, *(1,) * dims)
    shift = norm(torch.zeros(shape)).reshape(-1)
    scale = norm(torch.full(shape, _LARGE)).reshape(-1) / _LARGE
    pair = torch.stack([scale, shift]).contiguous()
    return pair if bool(pair.isfinite().all()) and _fits(norm, pair, dims) else None


def _fits(norm: nn.Module, pair: Tensor, dims: int) -> bool:
    """Hold the module against one fused multiply-add, bit for bit."""
    channels = pair.shape[1]
    generator = torch.Generator().manual_seed(0)
    # about as wide as what the module normalises, and much wider
    spread = torch.tensor([1.0, 100.0]).repeat(_ROWS // 2)[:, None]
    values = spread * torch.randn(_ROWS, channels, generator=generator)
    expected = torch.empty_like(values)
    affine(values.numpy(), pair[0].numpy(), pair[1].numpy(), expected.numpy())
    if dims != 2:
        maps = values.reshape(_ROWS, channels, *(1,) * dims)
        return torch.equal(norm(maps).reshape(_ROWS, channels), expected)
    maps = values.reshape(4, 8, _ROWS // 32, channels).movedim(3, 1)
    target = expected.reshape(4, 8, _ROWS // 32, channels).movedim(3, 1)
    layouts = (torch.contiguous_format, torch.channels_last)
    return all(torch.equal(norm(maps.contiguous(memory_format=kind)), target) for kind in layouts)
