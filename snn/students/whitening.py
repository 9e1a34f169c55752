"""Inputs in a basis in which they vary alike, so that a fit converges in few steps; and the fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor

_DAMPING = 0.05
"""Share of the largest deviation that is added to all: directions in which hardly anything varies stay small."""
_EXACT = 1024
"""Inputs up to which all directions are found, beyond it the largest alone."""
_RANK = 256
"""The number of these: with more, a fit takes longer to converge and errs more on other images."""
_FLOOR = 0.02
"""Added to the deviation that errors are divided by."""


class Whitening(NamedTuple):
    """A linear change of inputs x (..., d) to (x - centre) @ basis."""

    centre: Tensor
    """(d,)."""
    basis: Tensor
    """(d, r)."""

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return inputs (..., d) in the basis, (..., r)."""
        return (inputs - self.centre) @ self.basis

    def operator(self, coefficients: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return weight (units, d) and bias (units,) in the inputs themselves, of coefficients (r, units) and a bias (units,)."""
        weight = (self.basis @ coefficients).T
        return weight, bias - weight @ self.centre


def whiten(rows: Tensor) -> Whitening:
    """Find the basis of inputs (k, d)."""
    centre = rows.mean(0)
    if rows.shape[1] <= _EXACT:
        centred = rows - centre
        values, vectors = torch.linalg.eigh(centred.T @ centred / len(rows))
        spread, vectors = values.flip(0).clamp_min(0).sqrt(), vectors.flip(1)
    else:
        _, spread, vectors = _largest(rows - centre, min(_RANK, *rows.shape))
        spread = spread / len(rows) ** 0.5
    return Whitening(centre, vectors / (spread + _DAMPING * spread[0]).clamp_min(1e-6))


def _largest(rows: Tensor, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the largest singular values of rows (k, d), between their vectors, by a randomised method."""
    # draws from torch's own generator, which is left as it was: the same each time
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return torch.svd_lowrank(rows, q=rank, niter=2)


def errors(responses: Tensor, targets: Tensor, deviation: Tensor) -> Tensor:
    """Return the mean squared error of responses (k, units), each unit's in its deviation; targets that are NaN do not count."""
    gaps = (responses - targets) / (deviation + _FLOOR)
    return torch.where(targets.isnan(), 0, gaps).square().mean()


def deviations(targets: Tensor) -> Tensor:
    """Return the deviation (units,) of targets (k, units), of those that are not NaN."""
    spread = (targets - targets.nanmean(0)).square().nanmean(0).sqrt()
    return torch.nan_to_num(spread)


def descend(
    parameters: Iterable[Tensor], loss: Callable[[], Tensor], *, steps: int, rate: float
) -> None:
    """Descend a loss, which draws its own batch at each call, by Adam with one cycle of the rate."""
    values = list(parameters)
    optimizer = torch.optim.Adam(values, lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps + 1)
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        schedule.step()
