"""The first-order model against teneva, against least squares, and on degenerate codebooks."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import teneva

from spikeatlas.optim import CodeSpace
from spikeatlas.optim.methods.screened.anova import (
    DOUBT,
    TRUST,
    Anova,
    Belief,
    _coordinates,
    solve_symmetric,
)
from tests.optim.cases import Array

SPACE = CodeSpace(5, 4, np.eye(4))  # every code as far from every other
EVERY = np.array(list(product(range(4), repeat=5)))
WEIGHTS = np.random.default_rng(0).standard_normal((3, 5, 4))


def additive(weights: Array, points: Array) -> Array:
    """Sums (k, N) of the codes' weights (N, positions, codes), float32."""
    total = weights[:, np.arange(points.shape[1]), points].sum(axis=2).T
    return np.asarray(total, dtype=np.float32)


def fitted(space: CodeSpace, points: Array, scores: Array) -> Array:
    """Effects by one model of all neurons, which share points (k, d) with scores (k, N)."""
    model = Anova(space, 1, scores.shape[1])
    model.add(points[None], scores[None].astype(np.float32))
    return model.effects(DOUBT)


def centred(effects: Array) -> Array:
    return np.asarray(effects - effects.mean(axis=2, keepdims=True))


def train(effects: Array) -> list[Array]:
    """The effects (positions, codes) as a tensor train of rank 2."""
    ones, none = np.ones_like(effects), np.zeros_like(effects)
    cores = np.stack([np.stack([ones, effects], -1), np.stack([none, ones], -1)], axis=1)
    return [cores[0][:1], *cores[1:-1], cores[-1][..., 1:]]


def test_the_effects_are_those_of_an_additive_neuron() -> None:
    effects = fitted(SPACE, np.tile(EVERY, (8, 1)), np.tile(additive(WEIGHTS, EVERY), (8, 1)))
    assert effects.shape == (3, 5, 4)
    assert np.array_equal(effects.argmax(axis=2), WEIGHTS.argmax(axis=2))
    assert np.array_equal(effects.argmin(axis=2), WEIGHTS.argmin(axis=2))
    assert np.allclose(centred(effects), centred(WEIGHTS), atol=0.15)  # the ridge shrinks


def test_the_best_codes_are_teneva_s() -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((len(EVERY), 3)).astype(np.float32)
    scores = additive(WEIGHTS, EVERY) + noise / 2
    effects = fitted(SPACE, np.tile(EVERY, (2, 1)), np.tile(scores, (2, 1)))  # the ridge shrinks
    for neuron in range(3):
        reference = teneva.anova(EVERY, scores[:, neuron].astype(float), r=2, order=1, noise=0)
        assert np.array_equal(teneva.optima_tt(reference)[2], effects[neuron].argmax(axis=1))
        values = additive(effects[[neuron]], EVERY)[:, 0]
        other = np.array([teneva.get(reference, point) for point in EVERY])
        assert np.corrcoef(values, other)[0, 1] > 0.99


def test_it_is_the_ridge_regression_of_its_features() -> None:
    rng = np.random.default_rng(2)
    space = CodeSpace(6, 30, rng.standard_normal((30, 7)))
    points, model = space.sample(rng, 200), Anova(space, 1, 2)
    scores = rng.random((200, 2)).astype(np.float32)
    for rows in np.array_split(np.arange(200), 3):
        model.add(points[None, rows].astype(np.int64), scores[None, rows])
    features = model._features(points[None].astype(np.int64))[0].astype(np.float64)
    size = features.shape[1]
    ridge = np.sqrt(np.append(np.full(size - 1, 30.0), 1e-3))
    rows, target = np.vstack([features, np.diag(ridge)]), np.vstack([scores, np.zeros((size, 2))])
    weights = np.linalg.lstsq(rows, target, rcond=None)[0]
    predicted = features[:, :-1] @ weights[:-1]
    effects = model.effects(Belief(30.0, 1.0))
    assert effects.dtype == np.float32
    assert np.allclose(additive(effects, points), predicted, atol=2e-4)
    assert np.abs(predicted).max() > 0.05


@pytest.mark.parametrize("neuron", range(3))
def test_its_tensor_train_has_rank_two_and_the_same_best_point(neuron: int) -> None:
    effects = fitted(SPACE, EVERY, additive(WEIGHTS, EVERY))[neuron].astype(np.float64)
    best = effects.argmax(axis=1)
    effects -= effects.min()  # teneva looks for the largest modulus
    cores = train(effects)
    assert np.allclose(teneva.full(cores).ravel(), additive(effects[None], EVERY)[:, 0], atol=1e-4)
    assert max(core.shape[0] for core in cores) == 2
    assert np.array_equal(teneva.optima_tt_max(cores)[0], best)
    assert np.array_equal(teneva.optima_tt_beam(cores, k=4), best)


def test_isolated_neurons_are_fitted_one_by_one() -> None:
    rng = np.random.default_rng(3)
    points = rng.integers(4, size=(3, 90, 5))
    scores = rng.random((3, 90, 1)).astype(np.float32)
    together = Anova(SPACE, 3, 3)
    together.add(points, scores)
    alone = [fitted(SPACE, points[n], scores[n])[0] for n in range(3)]
    assert np.allclose(together.effects(DOUBT), alone, atol=1e-5)
    assert not np.allclose(alone[0], alone[1], atol=1e-2)


def test_what_was_not_measured_has_no_effect() -> None:
    scores = additive(WEIGHTS, EVERY)
    missing = np.random.default_rng(4).random(len(EVERY)) < 0.5
    nothing = np.where(missing[:, None], -np.inf, scores)
    effects = fitted(SPACE, EVERY, nothing)
    assert np.allclose(effects, fitted(SPACE, EVERY[~missing], scores[~missing]), atol=1e-5)
    partly = np.where(missing[:, None] & (np.arange(3) > 0), -np.inf, scores)
    effects = fitted(SPACE, EVERY, partly)
    assert np.allclose(effects[0], fitted(SPACE, EVERY, scores)[0], atol=1e-5)
    mean = np.where(missing[:, None], scores[~missing].mean(axis=0), scores)
    assert np.allclose(effects[1:], fitted(SPACE, EVERY, mean)[1:], atol=1e-5)
    assert not fitted(SPACE, EVERY, np.full_like(scores, -np.inf)).any()


def test_twins_in_the_codebook_have_the_same_effects() -> None:
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((40, 6))
    vectors[[30, 11]] = vectors[3]
    space = CodeSpace(9, 40, vectors)
    points = space.sample(rng, 300)
    effects = fitted(space, points, rng.random((300, 2)))
    assert np.isfinite(effects).all()
    assert np.allclose(effects[:, :, [30, 11]], effects[:, :, [3, 3]], atol=1e-5)
    assert np.abs(effects[:, :, 4] - effects[:, :, 3]).max() > 1e-3


@pytest.mark.parametrize("vectors", [np.zeros((8, 3)), np.ones((8, 1)), np.eye(8)[:, :2]])
def test_degenerate_codebooks(vectors: Array) -> None:
    space, rng = CodeSpace(4, 8, vectors), np.random.default_rng(6)
    effects = fitted(space, space.sample(rng, 100), rng.random((100, 2)))
    assert effects.shape == (2, 4, 8)
    assert np.isfinite(effects).all()
    assert (np.ptp(effects, axis=2).max() > 1e-4) == (np.ptp(vectors) > 0)


def test_without_a_codebook_the_mix_is_learnt() -> None:
    space, rng = CodeSpace(9, 16), np.random.default_rng(7)
    points, target = space.sample(rng, 1500), rng.permutation(16)
    effects = fitted(space, points, target[points].mean(axis=1)[:, None])[0]
    assert (effects == effects[0]).all()  # wherever the code stands
    assert np.corrcoef(effects[0], target)[0, 1] > 0.99


@pytest.mark.parametrize(
    ("dim", "positions", "kept"),
    [(16, 9, 16), (40, 9, 32), (16, 128, 8), (3, 5000, 1)],
)
def test_axes_of_an_isotropic_codebook_are_kept_as_far_as_there_is_room(
    dim: int, positions: int, kept: int
) -> None:
    vectors = np.linalg.qr(np.random.default_rng(5).standard_normal((60, dim)))[0]
    axes, _ = _coordinates(CodeSpace(positions, 60, vectors), 1024)
    assert axes.shape == (60, kept)


def test_axes_hold_most_of_the_variance() -> None:
    rng = np.random.default_rng(6)
    vectors = rng.standard_normal((200, 10)) * [4, 3, 2, *[0.01] * 7]
    axes, _ = _coordinates(CodeSpace(4, 200, vectors), 1024)
    assert axes.shape == (200, 3)


def test_models_of_their_own_have_less_room() -> None:
    vectors = np.linalg.qr(np.random.default_rng(5).standard_normal((60, 16)))[0]
    space = CodeSpace(64, 60, vectors)
    assert Anova(space, 1, 2).gram.shape[1] - Anova(space, 2, 2).gram.shape[1] == 64 * 8


def test_a_trusting_model_finds_the_best_image_of_a_linear_neuron_from_fewer_images() -> None:
    rng = np.random.default_rng(7)
    space = CodeSpace(16, 32, rng.standard_normal((32, 8)))
    assert space.embedding is not None
    weights = rng.standard_normal((6, 16, 8)) @ space.embedding.T
    points = rng.integers(32, size=(150, 16))
    model = Anova(space, 1, 6)
    model.add(points[None], additive(weights, points)[None])
    bold, wary = (model.effects(penalty).argmax(axis=2) for penalty in (TRUST, DOUBT))
    best = weights.argmax(axis=2)
    assert (bold == best).mean() > (wary == best).mean() + 0.1


def test_a_codebook_of_equal_vectors_has_no_axis_that_says_anything() -> None:
    axes, mix = _coordinates(CodeSpace(4, 6, np.ones((6, 3))), 1024)
    assert not axes.any()
    assert not mix.any()


def test_symmetric_systems_are_solved_whether_definite_or_not() -> None:
    rng = np.random.default_rng(0)
    rotations, _ = np.linalg.qr(rng.standard_normal((3, 20, 20)))
    eigenvalues = np.tile(np.linspace(1, 9, 20), (3, 1))
    eigenvalues[1, 0] = -0.1
    gram = (rotations * eigenvalues[:, None] @ rotations.transpose(0, 2, 1)).astype(np.float32)
    moment = rng.standard_normal((3, 20, 4)).astype(np.float32)
    weights = solve_symmetric(gram, moment)
    np.testing.assert_allclose(weights, np.linalg.solve(gram, moment), rtol=1e-3, atol=1e-4)
    # one that is indefinite changes no other
    np.testing.assert_array_equal(weights[:1], solve_symmetric(gram[:1], moment[:1]))
