"""Gradients at an equilibrium are those of a long iteration towards it, which autograd goes back through."""

from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.networks.feedback import exact_adjoint, solved_adjoint, with_gradient
from tests.snn.networks.feedback.feedback_nets import equilibrium, matrix

UNITS = 12


def random(count: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((count, UNITS), generator=generator, dtype=torch.float64)


def test_the_solution_solves_its_equation() -> None:
    feedback, slopes = matrix(UNITS, 1.9), random(7)
    live = (random(7, 1) > 0).double()

    beta = exact_adjoint(feedback, live, slopes)

    torch.testing.assert_close(beta, (live * beta) @ feedback / 2 + slopes)
    assert not torch.allclose(beta, slopes, atol=0.05)


@pytest.mark.parametrize("norm", [0.5, 1.9, 30.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_iteration_ends_where_the_linear_system_does(norm: float, dtype: torch.dtype) -> None:
    """At a norm of 30 the iteration runs away, and the system is solved."""
    feedback, slopes = matrix(UNITS, norm).to(dtype), random(7).to(dtype)
    live = (random(7, 1) > 0).to(dtype)
    beta = slopes
    for _ in range(30):
        beta = (live * beta) @ feedback / 2 + slopes
    assert (beta.abs().max() > 1e3) == (norm == 30)

    solution = solved_adjoint(feedback, live, slopes)

    torch.testing.assert_close(exact_adjoint(feedback, live, slopes), solution)
    assert torch.equal(exact_adjoint(feedback, live, slopes), solution) == (norm == 30)


def test_nothing_has_no_slope() -> None:
    nothing = torch.zeros(3, UNITS)
    assert not exact_adjoint(matrix(UNITS, 1.9).float(), nothing + 1, nothing).any()


def test_without_feedback_it_is_the_slope_itself() -> None:
    slopes = random(3)

    assert torch.equal(
        exact_adjoint(torch.zeros(UNITS, UNITS).double(), torch.ones(3, UNITS).double(), slopes),
        slopes,
    )


def test_gradients_are_those_of_the_unrolled_iteration() -> None:
    weights = random(5, 2)
    outcomes = []
    for implicit in (True, False):
        drive = (1 + random(5)).requires_grad_()
        feedback = matrix(UNITS, 1.9).requires_grad_()
        if implicit:
            settled = equilibrium(drive, feedback).detach()
            rates = with_gradient(settled, drive, feedback, exact_adjoint)
        else:
            rates = equilibrium(drive, feedback)
        (rates.square() * weights).sum().backward()
        outcomes.append((rates.detach(), drive.grad, feedback.grad))
        # of every kind: silent, live and at the top
        assert 0 < (rates == 0).sum() < rates.numel() / 2
        assert 0 < (rates == 1).sum() < rates.numel() / 2

    for ours, theirs in zip(*outcomes, strict=True):
        assert theirs is not None
        assert theirs.any()
        torch.testing.assert_close(ours, theirs)
