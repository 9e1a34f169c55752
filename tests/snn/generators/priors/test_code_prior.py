"""A prior at run time: a distribution, drawn from as it says, row by row."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from spikeatlas.snn.files import save_checkpoint
from spikeatlas.snn.generators.priors import CodePrior, load_prior
from spikeatlas.snn.generators.priors.code_prior import (
    FORMAT,
    Context,
    PriorKind,
    earlier_neighbours,
)

Array = npt.NDArray[Any]
KINDS: tuple[PriorKind, PriorKind] = ("factorised", "autoregressive")
each_kind = pytest.mark.parametrize("kind", KINDS)


def prior(
    positions: int, codes: int, kind: PriorKind = "autoregressive", seed: int = 0
) -> CodePrior:
    """A prior with a random network, far from the uniform distribution."""
    rng = np.random.default_rng(seed)
    logs = np.log(rng.dirichlet(np.ones(codes), size=positions))
    if kind == "factorised":
        return CodePrior(logs)
    neighbours = earlier_neighbours(positions, 2)
    window, wide, hidden = neighbours.shape[1], 6, 20
    context = Context(
        neighbours,
        np.pad(rng.standard_normal((codes, wide)), ((0, 1), (0, 0))),
        rng.standard_normal((window * wide, hidden)) / 4,
        rng.standard_normal((positions, hidden)),
        rng.standard_normal((hidden, hidden)) / 4,
        rng.standard_normal(hidden),
        rng.standard_normal((hidden, codes)) / 4,
    )
    return CodePrior(logs, context)


def every_row(positions: int, codes: int) -> Array:
    return np.array(list(product(range(codes), repeat=positions)))


SMALL, ROWS = {kind: prior(4, 3, kind) for kind in KINDS}, every_row(4, 3)


@each_kind
def test_the_likelihoods_of_all_rows_add_up_to_one(kind: PriorKind) -> None:
    logs = SMALL[kind].log_likelihood(ROWS)
    assert logs.shape == (81,)
    assert logs.dtype == np.float64
    assert np.isclose(np.exp(logs).sum(), 1, rtol=0, atol=1e-12)
    assert (SMALL[kind].kind, SMALL[kind].positions, SMALL[kind].codes) == (kind, 4, 3)


@each_kind
def test_rows_are_drawn_as_often_as_they_are_likely(kind: PriorKind) -> None:
    drawn = SMALL[kind].sample(np.random.default_rng(1), 20_000)
    assert drawn.dtype == np.int64
    shares = np.bincount(drawn @ [27, 9, 3, 1], minlength=81) / len(drawn)
    expected = np.exp(SMALL[kind].log_likelihood(ROWS))
    error = np.sqrt(expected * (1 - expected) / len(drawn))
    assert (np.abs(shares - expected) < 4.5 * error + 1e-4).all()


def test_independent_positions_are_what_their_marginals_say() -> None:
    logs, points = SMALL["factorised"].log_marginals, ROWS[[5, 77]]
    expected = logs[np.arange(4), points].sum(axis=1)
    assert np.allclose(SMALL["factorised"].log_likelihood(points), expected, rtol=0, atol=1e-12)
    assert np.isclose(SMALL["factorised"].nats_per_code(points), -expected.mean() / 4)


@each_kind
def test_codes_that_are_not_free_stay(kind: PriorKind) -> None:
    wide, rng = prior(16, 12, kind), np.random.default_rng(2)
    points, free = rng.integers(12, size=(300, 16)), rng.random((300, 16)) < 0.5
    before = points.copy(), free.copy()
    drawn = wide.resample(points, free, rng)
    assert np.array_equal(drawn[~free], points[~free])
    assert (drawn[free] != points[free]).mean() > 0.5
    assert 0 <= drawn.min() <= drawn.max() < 12
    assert np.array_equal(points, before[0])
    assert np.array_equal(free, before[1])
    assert np.array_equal(wide.resample(points, np.zeros_like(free), rng), points)


def test_free_codes_follow_from_those_before_them() -> None:
    """Two free positions of a small row, against the conditional that the likelihoods imply."""
    small, free = SMALL["autoregressive"], np.array([False, True, False, True])
    drawn = small.resample(
        np.tile([2, 0, 1, 0], (20_000, 1)), np.tile(free, (20_000, 1)), np.random.default_rng(3)
    )
    likely = np.exp(small.log_likelihood(ROWS)).reshape(3, 3, 3, 3)
    second = likely[2].sum(axis=(1, 2)) / likely[2].sum()
    fourth = likely[2, :, 1] / likely[2, :, 1].sum(axis=1, keepdims=True)
    shares = np.bincount(drawn[:, 1] * 3 + drawn[:, 3], minlength=9) / len(drawn)
    assert np.abs(shares - (second[:, None] * fourth).ravel()).max() < 0.015


def test_all_free_is_sampling_and_takes_as_many_random_numbers_as_any() -> None:
    wide, points = prior(16, 12), np.zeros((70, 16), np.int64)
    one, two, three = (np.random.default_rng(4) for _ in range(3))
    drawn = wide.resample(points, np.ones(points.shape, np.bool_), one)
    assert np.array_equal(drawn, wide.sample(two, 70))
    wide.resample(points, np.zeros(points.shape, np.bool_), three)
    assert one.random() == two.random() == three.random()


@each_kind
def test_a_row_is_the_same_bits_in_any_company(kind: PriorKind) -> None:
    wide, rng = prior(16, 40, kind), np.random.default_rng(5)
    points = rng.integers(40, size=(150, 16))
    together = wide.log_likelihood(points)
    order = rng.permutation(150)
    assert np.array_equal(wide.log_likelihood(points[order]), together[order])
    for rows in (slice(0, 1), slice(7, 12), slice(100, 150)):
        assert np.array_equal(wide.log_likelihood(points[rows]), together[rows])


@each_kind
def test_none_is_none(kind: PriorKind) -> None:
    none = np.empty((0, 4), np.int64)
    assert SMALL[kind].sample(np.random.default_rng(0), 0).shape == (0, 4)
    assert SMALL[kind].log_likelihood(none).shape == (0,)
    with pytest.raises(ValueError, match="points are none"):
        SMALL[kind].nats_per_code(none)


LAST = float(np.nextafter(1, 0))


def drawn_with(known: CodePrior, value: float) -> Array:
    shape = (3, known.positions)
    return known.redraw(np.zeros(shape, np.int64), np.ones(shape, np.bool_), np.full(shape, value))


@each_kind
@pytest.mark.parametrize("value", [0.0, LAST])
def test_the_extreme_uniform_numbers(kind: PriorKind, value: float) -> None:
    assert (drawn_with(prior(16, 40, kind), value) == (39 if value else 0)).all()


def test_a_code_that_is_all_but_impossible_is_never_drawn() -> None:
    steep = CodePrior(np.array([[-2000.0, 0.0, -2000.0]]))
    for value in (0.0, 0.5, LAST):
        assert (drawn_with(steep, value) == 1).all()
    assert steep.log_likelihood(np.array([[0], [1]])).tolist() == [-2000, 0]


@each_kind
def test_a_row_is_redrawn_by_its_own_numbers(kind: PriorKind) -> None:
    wide, rng = prior(16, 40, kind), np.random.default_rng(6)
    points, free = rng.integers(40, size=(150, 16)), rng.random((150, 16)) < 0.5
    uniform = rng.random(points.shape)
    together = wide.redraw(points, free, uniform)
    for rows in (slice(0, 1), slice(7, 12), slice(149, None, -1)):
        assert np.array_equal(wide.redraw(points[rows], free[rows], uniform[rows]), together[rows])


def test_the_window_sees_what_was_drawn_before_and_is_near() -> None:
    table = earlier_neighbours(16, 1)
    assert table.tolist()[0] == [16] * 4
    assert table.tolist()[5] == [0, 1, 2, 4]
    assert table.tolist()[7] == [2, 3, 16, 6]
    seen = earlier_neighbours(64, 3)
    assert seen.shape == (64, 24)
    assert ((seen < np.arange(64)[:, None]) | (seen == 64)).all()


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (np.zeros((2, 5), np.int64), r"int64 \(2, 5\): .* shape \(n, 4\)"),
        (np.zeros((2, 4)), "points are float64"),
        (np.full((2, 4), 3), r"codes from 3 to 3: this prior has codes 0\.\.2"),
        (np.full((2, 4), -1), "codes from -1 to -1"),
    ],
)
def test_points_that_do_not_fit(points: Array, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SMALL["factorised"].log_likelihood(points)
    free = np.ones(points.shape, np.bool_)
    with pytest.raises(ValueError, match=words):
        SMALL["factorised"].resample(points, free, np.random.default_rng(0))


@pytest.mark.parametrize("free", [np.ones((2, 4), np.int64), np.ones((1, 4), np.bool_)])
def test_masks_that_do_not_fit(free: Any) -> None:
    with pytest.raises(ValueError, match=r"must be a mask .* bool \(2, 4\)"):
        SMALL["factorised"].resample(ROWS[:2], free, np.random.default_rng(0))


@pytest.mark.parametrize("uniform", [np.zeros((2, 5)), np.ones((2, 4)), np.full((2, 4), np.nan)])
def test_numbers_that_do_not_fit(uniform: Array) -> None:
    with pytest.raises(ValueError, match=r"a number in \[0, 1\) for each code, \(2, 4\)"):
        SMALL["factorised"].redraw(ROWS[:2], np.ones((2, 4), np.bool_), uniform)


def test_counts_and_grids_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="count is -1: it must be at least 0"):
        SMALL["factorised"].sample(np.random.default_rng(0), -1)
    with pytest.raises(ValueError, match="positions are 12: they must form a square"):
        earlier_neighbours(12, 3)


def test_files_that_are_no_priors(tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    with pytest.raises(FileNotFoundError, match="There is no file"):
        load_prior(path, "factorised")
    save_checkpoint(path, {"log_marginals": torch.zeros(2, 2)}, {"kind": "vqvae"})
    with pytest.raises(ValueError, match=f"is no prior of codes .{FORMAT}.: name a file"):
        load_prior(path, "factorised")
    with pytest.raises(ValueError, match="kind is 'uniform': it must be factorised or auto"):
        load_prior(path, "uniform")  # type: ignore[arg-type]
