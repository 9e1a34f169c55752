"""The norm constraint of Gaussian latents: lengths, draws, and searches that keep to it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi, kstest

from spikeatlas.optim import GaussianSpace, make_maximizer
from spikeatlas.optim.spaces.norm import KINDS, NormConstraint, NormKind, norm_quantile

DIM = 16


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("free", 0, np.inf), ("ball", 0, chi.ppf(0.95, DIM)), ("sphere", chi.ppf(0.05, DIM), chi.ppf(0.95, DIM))],
)  # fmt: skip
def test_radii_are_the_prior_s(kind: NormKind, low: float, high: float) -> None:
    assert NormConstraint(kind, DIM).radii == pytest.approx((low, high))


@pytest.mark.parametrize("kind", KINDS)
def test_draws_have_the_prior_s_lengths_within_the_radii(kind: NormKind) -> None:
    norm = NormConstraint(kind, DIM)
    rows = norm.sample(np.random.default_rng(0), 4000)
    assert norm.contains(rows).all()
    low, high = chi.cdf(np.array(norm.radii), DIM)
    part = (chi.cdf(np.linalg.norm(rows, axis=1), DIM) - low) / (high - low)
    assert kstest(part, "uniform").pvalue > 0.01
    # directions are even: no axis is preferred
    assert abs(rows.mean(axis=0)).max() < 0.1


@pytest.mark.parametrize("kind", ["ball", "sphere"])
def test_holding_changes_lengths_alone(kind: NormKind) -> None:
    norm = NormConstraint(kind, DIM)
    rows = np.random.default_rng(1).standard_normal((50, DIM)) * np.linspace(0.01, 5, 50)[:, None]
    points = norm.project(rows)
    assert norm.contains(points).all()
    within = norm.contains(rows)
    assert within.any()
    assert not within.all()
    assert np.allclose(points[within], rows[within])
    cosine = (points * rows).sum(1) / np.linalg.norm(points, axis=1) / np.linalg.norm(rows, axis=1)
    assert np.allclose(cosine, 1)


def test_a_zero_vector_has_a_place_on_the_sphere() -> None:
    points = NormConstraint("sphere", DIM).project(np.zeros((2, DIM)))
    assert NormConstraint("sphere", DIM).contains(points).all()
    assert np.array_equal(
        NormConstraint("ball", DIM).project(np.zeros((1, DIM))), np.zeros((1, DIM))
    )


def test_free_holds_nothing() -> None:
    rows = 100 * np.ones((2, DIM))
    assert NormConstraint("free", DIM).project(rows) is rows


def test_norm_quantile_is_uniform_on_the_prior() -> None:
    rows = np.random.default_rng(2).standard_normal((4000, 128)).astype(np.float32)
    assert kstest(norm_quantile(rows), "uniform").pvalue > 0.01
    assert norm_quantile(np.zeros((1, 8), np.float32))[0] == 0
    assert norm_quantile(np.full((1, 8), 9, np.float32))[0] == pytest.approx(1)


@pytest.mark.parametrize("method", ["screened", "sep-cma", "sphere-cma", "ga", "random"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_proposal_keeps_to_the_constraint(method: str, kind: NormKind) -> None:
    space = GaussianSpace(DIM, None, shell=kind)
    target = np.random.default_rng(3).standard_normal(DIM)
    search = make_maximizer(method, space, seeds=[0, 1], budget=150)
    while not search.done:
        batch = search.ask()
        assert space.contains(batch.points).all()
        # a response that grows without end: a free search runs away
        search.tell(batch, np.tile((batch.points @ target)[:, None], 2).astype(np.float32))
    assert NormConstraint(kind, DIM).contains(search.result().best_point).all()


def test_a_grid_has_no_shell() -> None:
    with pytest.raises(ValueError, match=r"shell is 'sphere', but points of a grid cannot be held"):
        GaussianSpace(DIM, 64, shell="sphere")
    with pytest.raises(ValueError, match=r"shell is 'cube'; it must be free, ball, sphere"):
        GaussianSpace(DIM, None, shell="cube")  # type: ignore[arg-type]
