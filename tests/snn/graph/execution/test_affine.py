"""Batch normalisation as one fused multiply-add: bit for bit torch's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from spikeatlas.snn.graph.execution.affine import scale_and_shift
from spikeatlas.snn.neurons.rules.rule_scan import affine

SHAPES = ((40, 64, 16, 16), (20, 16, 64, 64), (9, 130, 33, 33), (640, 100, 5, 3))


def norm_of(channels: int, kind: type[Any] = nn.BatchNorm2d) -> Any:
    generator = torch.Generator().manual_seed(channels)
    norm = kind(channels)
    for name, spread in (("weight", 2.0), ("bias", 3.0), ("running_mean", 2.0)):
        getattr(norm, name).data.normal_(0, spread, generator=generator)
    norm.running_var.data.uniform_(1e-3, 9, generator=generator)
    return norm.eval()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@torch.no_grad()
def test_no_bit_of_a_norm_differs(shape: tuple[int, ...], layout: torch.memory_format) -> None:
    norm = norm_of(shape[1])
    pair = scale_and_shift(norm, shape[1], 2)
    assert pair is not None
    values = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    rows = values.movedim(1, 3).reshape(-1, shape[1]).contiguous()
    result = torch.empty_like(rows)
    affine(rows.numpy(), pair[0].numpy(), pair[1].numpy(), result.numpy())
    maps = result.reshape(shape[0], *shape[2:], shape[1]).movedim(3, 1)
    assert int((norm(values.contiguous(memory_format=layout)) != maps).sum()) == 0


def test_norms_of_units_are_read_too() -> None:
    pair = scale_and_shift(norm_of(30, nn.BatchNorm1d), 30, 0)
    assert pair is not None
    assert pair.shape == (2, 30)


def test_what_is_no_fused_multiply_add_is_left_to_torch() -> None:
    assert scale_and_shift(norm_of(8).train(), 8, 2) is None
    assert scale_and_shift(nn.BatchNorm2d(8, track_running_stats=False).eval(), 8, 2) is None
    assert scale_and_shift(nn.Sigmoid().eval(), 8, 2) is None
