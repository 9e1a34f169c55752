from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.spatial.distance import cdist

from spikeatlas.snn.generators.evaluation import (
    Quality,
    class_shares,
    density_quantile,
    frechet_distance,
    independent_pixels,
    kth_distances,
    mean_confidence,
    measure_quality,
    memorisation,
    nearest_distances,
    neighbours,
    precision_recall,
)

Floats = npt.NDArray[np.float64]
RNG = np.random.default_rng


def normal(count: int, width: int = 4, seed: int = 0) -> Floats:
    return RNG(seed).standard_normal((count, width))


def with_moments(count: int, mean: Floats, factor: Floats, seed: int = 0) -> Floats:
    """Rows whose mean and covariance (factor times its transpose) are exact."""
    rows = normal(count, len(mean), seed)
    rows -= rows.mean(axis=0)
    whitening = np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(rows, rowvar=False))))
    return rows @ whitening.T @ factor.T + mean


def test_frechet_distance_of_gaussians_with_one_basis() -> None:
    basis, _ = np.linalg.qr(normal(3, 3, seed=5))
    spread_a, spread_b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 0.5, 3.0])
    mean = np.array([1.0, -2.0, 0.5])
    a = with_moments(50, np.zeros(3), basis * spread_a, seed=1)
    b = with_moments(70, mean, basis * spread_b, seed=2)
    wanted = mean @ mean + np.square(spread_a - spread_b).sum()
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-10)
    assert frechet_distance(b, a) == pytest.approx(wanted, rel=1e-10)


def test_frechet_distance_of_any_gaussians_in_the_plane() -> None:
    factors = normal(2, 2, seed=3), normal(2, 2, seed=4)
    a, b = (with_moments(40, np.zeros(2), f, seed=i) for i, f in enumerate(factors))
    one, two = (f @ f.T for f in factors)
    # trace of the root of a 2x2 matrix: sqrt(trace + 2 sqrt(determinant))
    root = np.sqrt(np.trace(one @ two) + 2 * np.sqrt(np.linalg.det(one @ two)))
    wanted = np.trace(one) + np.trace(two) - 2 * root
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-9)


def test_frechet_distance_of_equal_sets_is_zero_where_the_covariance_is_singular() -> None:
    rows = np.hstack([normal(20), np.zeros((20, 2)), normal(20)])
    assert frechet_distance(rows, rows) == pytest.approx(0, abs=1e-12)
    few = normal(5, 30).astype(np.float32)
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-12)
    assert frechet_distance(few, few + np.float32(2)) == pytest.approx(4 * 30, rel=1e-6)


def test_frechet_distance_of_one_feature() -> None:
    a = with_moments(9, np.zeros(1), np.eye(1))
    assert frechet_distance(a, 3 * a + 1) == pytest.approx(1 + 4)


def test_distances_are_those_of_scipy() -> None:
    references, queries = normal(40), normal(30, seed=1)
    apart = cdist(queries, references)
    distances, indices = nearest_distances(queries, references)
    np.testing.assert_allclose(distances, apart.min(axis=1), rtol=1e-12)
    assert (indices == apart.argmin(axis=1)).all()
    own = np.sort(cdist(references, references), axis=1)
    for k in (1, 3, 39):
        np.testing.assert_allclose(kth_distances(references, k), own[:, k], rtol=1e-12)


def test_a_copy_is_at_distance_zero_however_far_out() -> None:
    references = (normal(40) + 1e4).astype(np.float32)
    distances, indices = nearest_distances(references[::-1], references)
    assert (distances == 0).all()
    assert (indices == np.arange(40)[::-1]).all()


@pytest.mark.parametrize("size", [1, 8 * 40 * 7])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    references, queries = normal(40), normal(30, seed=1)
    measures: list[Callable[[], tuple[npt.ArrayLike, ...]]] = [
        lambda: nearest_distances(queries, references),
        lambda: (kth_distances(references, 3),),
        lambda: precision_recall(references, queries, 3),
        lambda: (density_quantile(queries, references, 3),),
    ]
    whole = [measure() for measure in measures]
    monkeypatch.setattr(neighbours, "_CHUNK_BYTES", size)
    for measure, wanted in zip(measures, whole, strict=True):
        for one, other in zip(measure(), wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def test_equal_sets_cover_each_other() -> None:
    rows = normal(50)
    assert precision_recall(rows, rows, 1) == (1, 1)
    assert precision_recall(np.repeat(rows, 3, axis=0), np.repeat(rows, 3, axis=0), 2) == (1, 1)


def test_disjoint_sets_do_not_cover_each_other() -> None:
    rows = normal(50)
    assert precision_recall(rows, rows + 100) == (0, 0)


def test_a_collapsed_set_is_precise_and_recalls_little() -> None:
    left, right = normal(100), normal(100, seed=1) + 50
    real = np.vstack([left, right])
    samples = normal(200, seed=2)
    precision, recall = precision_recall(real, samples)
    assert precision > 0.9
    assert 0.4 < recall <= 0.5
    assert precision_recall(samples, real) == (recall, precision)


def test_density_quantile_of_fresh_draws_is_uniform() -> None:
    shares = density_quantile(normal(1000, 3, seed=1), normal(1000, 3))
    assert shares.mean() == pytest.approx(0.5, abs=0.04)
    assert stats.kstest(shares, "uniform").statistic < 0.06


def test_density_quantile_counts_radii_at_least_as_large() -> None:
    references = np.array([[0.0], [1.0], [3.0], [7.0]])
    assert kth_distances(references, 1).tolist() == [1, 1, 2, 4]
    queries = np.array([[0.5], [4.0], [5.0], [9.0], [20.0]])
    # distances 0.5, 1, 2, 2, 13
    shares = density_quantile(queries, references, 1)
    assert shares.tolist() == [1, 1, 0.5, 0.5, 0]
    given = density_quantile(queries, references, 1, radii=np.array([4.0, 1.0, 1.0, 2.0]))
    assert given.tolist() == shares.tolist()


def test_a_copier_is_caught_and_a_fresh_draw_is_not() -> None:
    train, new, fresh = normal(300), normal(300, seed=1), normal(300, seed=2)
    copies = memorisation(train[:200], train, new)
    assert (copies.share, copies.upper) == (1, 1)
    honest = memorisation(fresh, train, new)
    assert honest.share == pytest.approx(0.5, abs=0.1)
    assert honest.share < honest.upper < honest.share + 0.06
    shy = memorisation(new[:200], train, new)
    assert shy.share == 0
    # none of n: the bound solves (1 - p)^n = 0.05
    assert shy.upper == pytest.approx(1 - 0.05 ** (1 / 200))


def test_a_tie_counts_half() -> None:
    train = normal(30)
    assert memorisation(train[:20], train, train[::-1]).share == 0.5


def test_classes_and_confidence() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25], [0.1, 0.1, 0.8], [0.5, 0.5, 0]])
    assert class_shares(probabilities).tolist() == [0.75, 0, 0.25]
    assert mean_confidence(probabilities) == pytest.approx((0.7 + 0.4 + 0.8 + 0.5) / 4)


def test_independent_pixels_have_the_marginals_and_nothing_else() -> None:
    rng = RNG(0)
    brightness = rng.integers(0, 3, size=(50, 1, 1, 1)) * 100
    images = (brightness + np.arange(8).reshape(2, 2, 2)).astype(np.uint8)
    samples = independent_pixels(images, 4000, RNG(1))
    assert samples.shape == (4000, 2, 2, 2)
    assert samples.dtype == np.uint8
    for place in np.ndindex(2, 2, 2):
        for value in np.unique(images[:, *place]):
            share = (images[:, *place] == value).mean()
            assert (samples[:, *place] == value).mean() == pytest.approx(share, abs=0.03)
    together = np.corrcoef(samples.reshape(4000, 8), rowvar=False)
    assert np.abs(together - np.eye(8)).max() < 0.06
    assert (independent_pixels(images, 4000, RNG(1)) == samples).all()


class PixelJudge:
    """Features are pixels; dark and bright are the classes."""

    def features(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        return images.reshape(len(images), -1).astype(np.float32)

    def probabilities(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        bright = self.features(images).mean(axis=1) / 255
        return np.stack([1 - bright, bright], axis=1)


def striped(count: int, seed: int) -> npt.NDArray[np.uint8]:
    """Images of one brightness a row."""
    rows = RNG(seed).integers(0, 256, size=(count, 1, 4, 1))
    return np.broadcast_to(rows, (count, 1, 4, 4)).astype(np.uint8)


def measure(samples: npt.NDArray[np.uint8]) -> Quality:
    real = striped(400, 0)
    return measure_quality(
        PixelJudge(), samples=samples, train=real[:200], held_out=real[200:], rng=RNG(0)
    )


def test_quality_of_a_copier_a_fresh_draw_and_noise() -> None:
    copier, fresh = measure(striped(400, 0)[:200]), measure(striped(200, 9))
    noise = measure(RNG(5).integers(0, 256, size=(200, 1, 4, 4), dtype=np.uint8))
    assert copier.frechet == pytest.approx(copier.frechet_train)
    assert copier.memorised == copier.memorised_upper == 1
    assert 0.4 < fresh.memorised < 0.6
    assert fresh.frechet < 5 * fresh.frechet_train < noise.frechet
    assert noise.frechet == pytest.approx(noise.frechet_independent, rel=0.2)
    assert min(fresh.precision, fresh.recall) > 0.8
    assert noise.precision < 0.1
    assert sum(fresh.class_shares) == 1
    assert 0.5 < noise.confidence < fresh.confidence
    assert fresh.confidence_real == noise.confidence_real
    assert len(dataclasses.astuple(fresh)) == 10


def not_finite(rows: Floats) -> Floats:
    return np.where(rows == rows.max(), np.nan, rows)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda x: frechet_distance(x[:1], x), r"a is float64 \(1, 4\): .* at least 2 rows"),
        (lambda x: frechet_distance(x, x[:, 1:]), "a has 4 features a row and b has 3"),
        (
            lambda x: nearest_distances(x, not_finite(x)),
            "references holds numbers that are not finite",
        ),
        (lambda x: nearest_distances(x[0], x), r"queries is float64 \(4,\)"),
        (lambda x: kth_distances(x, 10), "k is 10, but each of the references has 9 others"),
        (lambda x: density_quantile(x, x, 0), "choose k from 1 to 9"),
        (
            lambda x: precision_recall(x, x[:5], 5),
            r"samples is float64 \(5, 4\): .* at least 6 rows",
        ),
        (lambda x: memorisation(x, x, x[1:]), "train has 10 images and held_out has 9: cut"),
        (lambda x: class_shares(x[0]), r"probabilities is float64 \(4,\)"),
        (
            lambda x: independent_pixels(x[:0].astype(np.uint8), 3, RNG(0)),
            "images are none",
        ),
    ],
)
def test_what_does_not_fit_is_named(wrong: Callable[[Floats], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        wrong(normal(10))
