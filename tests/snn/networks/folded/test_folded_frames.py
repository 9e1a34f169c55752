"""Convolution and pool of many frames, in pieces: as torch has them over all at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.networks.folded import folded_frames
from spikeatlas.snn.networks.folded.folded_frames import can_fold, folded_currents
from tests.snn.nets import network

POOLS = {"max": nn.MaxPool2d(2), "average": nn.AvgPool2d(2)}


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def convolution(kernel: int, padding: int, *, bias: bool) -> nn.Conv2d:
    operator = nn.Conv2d(3, 5, kernel, padding=padding, bias=bias)
    with torch.no_grad():
        for seed, parameter in enumerate(operator.parameters()):
            parameter.copy_(random(*parameter.shape, seed=seed))
    return operator


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded_frames, "_BYTES", 2**12)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize(("kernel", "padding"), [(3, 1), (5, 2), (5, 0), (1, 0), (2, 0)])
@pytest.mark.parametrize("size", [(8, 10), (9, 7)])
@pytest.mark.parametrize("bias", [True, False])
def test_values_and_gradients_are_those_over_all_frames(
    pool: str, kernel: int, padding: int, size: tuple[int, int], bias: bool
) -> None:
    operator = convolution(kernel, padding, bias=bias)
    frames = random(37, 3, *size, seed=5).requires_grad_()
    currents, expected = (
        folded_currents(operator, POOLS[pool], frames),
        POOLS[pool](operator(frames)),
    )
    arriving = random(*expected.shape, seed=6)
    assert torch.equal(currents, expected)
    leaves = (frames, *operator.parameters())
    ours, theirs = (torch.autograd.grad(row, leaves, arriving) for row in (currents, expected))
    for slope, reference in zip(ours, theirs, strict=True):
        scale = float(reference.abs().max())
        torch.testing.assert_close(slope, reference, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("pool", POOLS)
def test_inputs_without_a_gradient_go_back_in_pieces(pool: str) -> None:
    operator, frames = convolution(3, 1, bias=True), random(37, 3, 8, 8)
    leaves = tuple(operator.parameters())
    ways: tuple[Callable[[], Tensor], ...] = (
        lambda: folded_currents(operator, POOLS[pool], frames),
        lambda: POOLS[pool](operator(frames)),
    )
    ours, theirs = (torch.autograd.grad(way().square().sum(), leaves) for way in ways)
    for slope, reference in zip(ours, theirs, strict=True):
        scale = float(reference.abs().max())
        torch.testing.assert_close(slope, reference, rtol=0, atol=1e-5 * scale)


def test_other_operators_are_left_to_torch() -> None:
    frames, pool = torch.zeros(2, 3, 8, 8), POOLS["max"]
    operator = nn.Conv2d(3, 5, 3)
    assert can_fold(operator, pool, frames)
    others = (
        nn.Conv2d(3, 5, 3, stride=2),
        nn.Conv2d(3, 3, 3, groups=3),
        nn.Conv2d(3, 5, 3, dilation=2),
        nn.Conv2d(3, 5, 3, padding="same"),
        nn.Conv2d(3, 5, 3, padding=1, padding_mode="circular"),
        nn.Conv2d(3, 5, 3).double(),
        nn.Linear(3, 5),
    )
    assert not any(can_fold(other, pool, frames) for other in others)
    assert not can_fold(operator, None, frames)
    assert not can_fold(operator, nn.MaxPool2d(3), frames)
    with torch.autocast("cpu", torch.bfloat16):
        assert not can_fold(operator, pool, frames)
    operator.register_forward_pre_hook(lambda *_: None)
    assert not can_fold(operator, pool, frames)


@pytest.mark.parametrize("pool", POOLS)
def test_a_networks_spikes_are_those_of_the_loop(pool: str) -> None:
    built = network(pool=pool, threshold=0.2, decoding="membrane")
    inputs = random(8, 6, 1, 8, 8)
    outputs, expected = built(inputs), built.unroll(inputs)
    parameters = list(built.parameters())
    ours, theirs = (
        torch.autograd.grad(built.scores(row).square().sum(), parameters)
        for row in (outputs, expected)
    )
    assert ours[0].any()
    assert torch.equal(outputs, expected)
    for slope, reference in zip(ours, theirs, strict=True):
        scale = max(float(reference.abs().max()), 1e-3)
        torch.testing.assert_close(slope, reference, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("frames", [1, 2, 17, 33, 100])
def test_pieces_are_few_frames_but_not_too_few(frames: int) -> None:
    operator, inputs = convolution(3, 1, bias=True), random(frames, 3, 20, 20)
    pieces = folded_frames._Pooled.pieces(inputs, operator.weight, (20, 20))
    sizes = [len(inputs[piece]) for piece in pieces]

    assert sum(sizes) == frames
    assert min(sizes) >= min(frames, 16)
    assert max(sizes) < 32
    assert torch.equal(
        folded_currents(operator, POOLS["max"], inputs),
        functional.max_pool2d(operator(inputs), 2),
    )
