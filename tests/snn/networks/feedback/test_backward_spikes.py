"""Spikes backward say what the linear system does, as far as spikes can."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from spikeatlas.snn.networks.feedback import SpikingAdjoint, backward_trains, solved_adjoint
from tests.snn.networks.feedback.feedback_nets import matrix

UNITS, IMAGES = 60, 8


def case() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    live = (torch.rand((IMAGES, UNITS), generator=generator) < 0.7).double()
    slopes = 0.01 * torch.randn((IMAGES, UNITS), generator=generator, dtype=torch.float64)
    return matrix(UNITS, 1.9), live, slopes


def agreement(scale: float, steps: int) -> tuple[float, SpikingAdjoint]:
    feedback, live, slopes = case()
    adjoint = SpikingAdjoint(steps)
    beta = adjoint(feedback, live, scale * slopes)
    return float(cosine_similarity(beta, solved_adjoint(feedback, live, slopes)).min()), adjoint


def test_trains_are_of_three_values() -> None:
    trains = torch.stack(list(backward_trains(*case()[:2], 20 * case()[2], 100)))

    assert trains.shape == (100, IMAGES, UNITS)
    assert set(trains.unique().tolist()) == {-1.0, 0.0, 1.0}


def test_a_scale_is_no_cosmetics() -> None:
    """Too small a scale is rounded away, too large a one saturates; between them the solution is right."""
    small, quiet = agreement(1, 100)
    right, lively = agreement(10, 100)
    large, full = agreement(200, 100)

    assert right > 0.99
    assert small < right
    assert large < right
    assert quiet.activity.firing < lively.activity.firing < full.activity.firing
    assert lively.activity.saturation == 0
    assert full.activity.saturation > 0.3


def test_more_steps_come_nearer() -> None:
    errors = []
    for steps in (50, 200, 800):
        feedback, live, slopes = case()
        beta = SpikingAdjoint(steps)(feedback, live, 10 * slopes)
        errors.append(float((beta - solved_adjoint(feedback, live, 10 * slopes)).abs().max()))

    assert errors[2] < errors[1] < errors[0]
    for steps, error in zip((50, 200, 800), errors, strict=True):
        assert error < 1 / steps


def test_without_feedback_a_train_rounds_the_slope() -> None:
    slopes = torch.tensor([[0.0, 0.004, 0.006, 0.25, -0.25, 1.0, 1.7, -3.0]], dtype=torch.float64)
    adjoint = SpikingAdjoint(100)

    beta = adjoint(torch.zeros(8, 8).double(), torch.ones_like(slopes), slopes)

    assert beta[0].tolist() == pytest.approx([0, 0, 0.01, 0.25, -0.25, 1, 1, -1])
    # three of eight spiked at every step
    assert adjoint.activity.saturation == 3 / 8
    assert adjoint.activity.firing == pytest.approx((1 + 25 + 25 + 300) / 800)


def test_silent_and_full_units_hand_nothing_back() -> None:
    feedback, _, slopes = case()
    nothing = torch.zeros_like(slopes)

    beta = SpikingAdjoint(50)(feedback, nothing, 10 * slopes)

    alone = SpikingAdjoint(50)(torch.zeros_like(feedback), nothing, 10 * slopes)
    assert torch.equal(beta, alone)
