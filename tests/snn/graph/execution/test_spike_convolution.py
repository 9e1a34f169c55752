"""Convolutions of spikes, added up by spike: torch's bits, or nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.graph.execution.event_loops import (
    PLACES,
    SIZES,
    Window,
    add_events,
    list_spikes,
)
from spikeatlas.snn.graph.execution.spike_convolution import SpikeConvolution

SHAPES = [
    # channels, filters, side, kernel, stride, padding, bias
    (16, 16, 9, 3, 1, 1, False),
    (32, 48, 8, 3, 2, 1, True),
    (64, 64, 6, 5, 1, 2, True),
    (64, 128, 7, 1, 2, 0, False),
    (128, 64, 4, 3, 1, 0, False),
    (256, 128, 2, 3, 2, 1, True),
    (128, 256, 1, 3, 1, 1, False),
]


def convolution(*row: int) -> nn.Conv2d:
    channels, filters, _, kernel, stride, padding, bias = row
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(sum(row))
        return nn.Conv2d(channels, filters, kernel, stride, padding, bias=bool(bias)).eval()


def spikes_of(images: int, channels: int, side: int, rate: float, seed: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(images, channels, side, side, generator=generator) < rate).float()


@torch.no_grad()
@pytest.mark.parametrize("row", SHAPES)
@pytest.mark.parametrize("rate", [0.0, 0.03, 0.15])
def test_the_sums_have_torchs_bits_or_are_left_to_torch(row: tuple[int, ...], rate: float) -> None:
    module = convolution(*row)
    way = SpikeConvolution(module)
    spikes = spikes_of(24, row[0], row[2], rate)
    currents = way(spikes)
    again = way(spikes.contiguous(memory_format=torch.channels_last))
    if currents is None or again is None:
        # another processor may sum in another order; the cheapest maps are torch's
        assert currents is again is None
        return
    assert torch.equal(currents, module(spikes))
    assert torch.equal(again, currents)


@torch.no_grad()
def test_another_order_gives_almost_the_same_sums() -> None:
    module = convolution(64, 64, 6, 3, 1, 1, 1)
    spikes = spikes_of(24, 64, 6, 0.1)
    currents = SpikeConvolution(module, exact=False)(spikes)
    assert currents is not None
    assert torch.allclose(currents, module(spikes), rtol=0, atol=1e-6)


@torch.no_grad()
def test_many_spikes_are_left_to_torch() -> None:
    way = SpikeConvolution(convolution(64, 64, 6, 3, 1, 1, 0), exact=False)
    assert way(spikes_of(24, 64, 6, 0.05)) is not None
    assert way(spikes_of(24, 64, 6, 0.9)) is None


@torch.no_grad()
def test_weights_that_are_no_numbers_are_left_to_torch() -> None:
    module = convolution(64, 64, 6, 3, 1, 1, 0)
    module.weight[3, 2] = torch.inf
    assert SpikeConvolution(module)(spikes_of(24, 64, 6, 0.05)) is None


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv2d(24, 16, 3),
        nn.Conv2d(16, 24, 3),
        nn.Conv2d(32, 32, 3, groups=2),
        nn.Conv2d(16, 16, 3, dilation=2),
        nn.Conv2d(16, 16, 3, padding="same"),
        nn.Conv2d(16, 16, 3, padding=1, padding_mode="circular"),
    ],
)
def test_what_does_not_fit(module: nn.Conv2d) -> None:
    assert not SpikeConvolution.fits(module)
    assert SpikeConvolution.fits(nn.Conv2d(16, 48, (3, 1), 2, (1, 0)))


def test_spikes_are_listed_by_block_row_column_and_channel() -> None:
    spikes = np.zeros((1, 2, 2, 32), np.float32)
    for y, x, channel in ((0, 0, 17), (0, 1, 3), (0, 1, 9), (1, 0, 0), (1, 1, 31)):
        spikes[0, y, x, channel] = 1
    events, starts = np.empty(5 + 16, np.int32), np.empty((1, 2, 2, 3), np.int32)
    assert list_spikes(spikes, 16, PLACES, SIZES, events, starts) == 5
    assert events[:5].tolist() == [32 + 3, 32 + 9, 0, 17, 32 + 31]
    assert starts[0].tolist() == [[[0, 0, 2], [2, 3, 3]], [[3, 4, 4], [4, 4, 5]]]
    assert list_spikes(spikes, 16, PLACES, SIZES, events[:20], starts) == -1


def test_sums_of_blocks_are_added_to_the_bias() -> None:
    spikes = np.ones((1, 1, 1, 32), np.float32)
    events, starts = np.empty(32 + 16, np.int32), np.empty((1, 2, 1, 2), np.int32)
    list_spikes(spikes, 16, PLACES, SIZES, events, starts)
    weights = np.random.default_rng(0).standard_normal((1, 32, 16)).astype(np.float32)
    bias = np.arange(16, dtype=np.float32)
    currents = np.empty((1, 1, 1, 16), np.float32)
    add_events(events, starts, weights, bias, Window(1, 1, 1, 1, 0, 0), currents)
    expected = bias
    for block in (0, 16):
        total = np.zeros(16, np.float32)
        for row in weights[0, block : block + 16]:
            total = total + row
        expected = expected + total
    assert np.array_equal(currents[0, 0, 0], expected)
