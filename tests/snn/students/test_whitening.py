"""The basis of a fit, its errors, and the descent."""

from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.students import whitening
from spikeatlas.snn.students.whitening import descend, deviations, errors, whiten


def rows(count: int, inputs: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    spread = torch.linspace(3, 0.5, inputs)
    return torch.randn((count, inputs), generator=random) * spread + 5


def test_inputs_vary_alike_in_the_basis() -> None:
    inputs = rows(4000, 6)
    white = whiten(inputs)(inputs)
    assert white.mean(0).abs().max() < 1e-3
    covariance = white.T @ white / len(white)
    assert (covariance - torch.diag(covariance.diag())).abs().max() < 1e-3
    # the damping keeps the smallest a little smaller
    assert covariance.diag().min() > 0.5
    assert covariance.diag().max() < 1


def test_an_operator_in_the_basis_is_one_in_the_inputs() -> None:
    inputs, random = rows(200, 6), torch.Generator().manual_seed(1)
    basis = whiten(inputs)
    coefficients, bias = torch.randn((6, 3), generator=random), torch.randn(3, generator=random)
    weight, shift = basis.operator(coefficients, bias)
    expected = basis(inputs) @ coefficients + bias
    torch.testing.assert_close(inputs @ weight.T + shift, expected, rtol=1e-4, atol=1e-4)


def test_many_inputs_keep_the_largest_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = rows(2000, 40) * torch.cat([torch.full((4,), 5.0), torch.ones(36)])
    exact = whiten(inputs)
    monkeypatch.setattr(whitening, "_EXACT", 20)
    monkeypatch.setattr(whitening, "_RANK", 4)
    state = torch.random.get_rng_state()
    few = whiten(inputs)
    assert few.basis.shape == (40, 4)
    assert torch.equal(torch.random.get_rng_state(), state)  # torch's own generator is left alone
    assert torch.equal(few.basis, whiten(inputs).basis)
    overlap = (exact.basis[:, :4] / exact.basis[:, :4].norm(dim=0)).T @ (
        few.basis / few.basis.norm(dim=0)
    )
    assert torch.linalg.svdvals(overlap).min() > 0.9


def test_inputs_without_any_difference_have_a_basis() -> None:
    assert torch.isfinite(whiten(torch.ones(5, 3)).basis).all()


def test_errors_are_in_deviations_and_leave_out_what_was_not_measured() -> None:
    targets = torch.tensor([[0.0, 1], [1, torch.nan], [2, 3]])
    deviation = deviations(targets)
    torch.testing.assert_close(deviation, torch.tensor([(2 / 3) ** 0.5, 1.0]))
    assert errors(targets, targets, deviation) == 0
    off = errors(targets + torch.tensor([0, 1.02]), targets, deviation)
    assert off == pytest.approx(2 / 6, rel=1e-3)
    assert deviations(torch.full((3, 1), torch.nan)) == 0


def test_a_descent_finds_the_least() -> None:
    value = torch.zeros(2, requires_grad=True)
    target = torch.tensor([1.0, -2])
    descend([value], lambda: (value - target).square().sum(), steps=200, rate=0.1)
    torch.testing.assert_close(value.detach(), target, rtol=0, atol=0.02)
