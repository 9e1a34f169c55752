"""The climb of a student through a generator."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from spikeatlas.snn.ascent import make_path
from spikeatlas.snn.students import PIECES, Answers, climb
from tests.snn.students.cases import DIM, generator


def bright(stimuli: Tensor, neurons: Tensor) -> Answers:
    """Neuron 0 likes a bright upper half, neuron 1 a bright lower half."""
    halves = stimuli.float().mean(1).view(len(stimuli), 2, -1).mean(2) / 255
    response = halves[torch.arange(len(stimuli)), neurons]
    return Answers(response, response * 2)


def starts(count: int) -> Tensor:
    return torch.randn((count, DIM), generator=torch.Generator().manual_seed(0)) / 4


@pytest.mark.parametrize("sign", [1, -1])
def test_it_climbs_for_each_neuron(sign: int) -> None:
    path, neurons = make_path(generator()), torch.tensor([0, 1, 0])
    points, expected = climb(path, bright, neurons, starts(3), rate=0.3, steps=30, sign=sign)
    assert points.shape == (3, PIECES, DIM)
    assert expected.shape == (3, PIECES)
    before = sign * bright(path.stimuli(starts(3)), neurons).responses
    after = sign * bright(path.stimuli(points[:, -1]), neurons).responses
    assert (after > before + 0.2).all()
    # what is expected counts a little of the drive beside the response
    torch.testing.assert_close(expected[:, -1], after, rtol=0, atol=0.04)


def test_each_piece_keeps_its_best() -> None:
    path = make_path(generator())
    points, expected = climb(path, bright, torch.tensor([0]), starts(1), rate=0.1, steps=30)
    assert (expected.diff(dim=1) > 0).all()
    assert len(torch.unique(points[0], dim=0)) == PIECES


def test_points_are_confined() -> None:
    path = make_path(generator(), lambda latents: latents.clamp(-0.5, 0.5))
    points, _ = climb(path, bright, torch.tensor([0, 1]), starts(2), rate=0.5, steps=20)
    assert points.abs().max() <= 0.5
