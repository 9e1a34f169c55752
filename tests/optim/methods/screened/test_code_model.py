"""The model of codes: when it is fitted, what it would show, and that its state is all of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.optim.methods.screened.code_model import CodeModel
from spikeatlas.optim.spaces import CodeSpace

SPACE = CodeSpace(6, 16, np.random.default_rng(0).standard_normal((16, 4)))


def answers(points: np.ndarray) -> np.ndarray:
    """Responses of two neurons, (k, 2): the first to one axis of the codebook, the second to another."""
    assert SPACE.embedding is not None
    return np.asarray(SPACE.embedding[points].sum(axis=1)[:, :2], np.float32)


def taught(count: int) -> CodeModel:
    model = CodeModel(SPACE, 2, share=True, growth=0.5)
    points = SPACE.sample(np.random.default_rng(1), count)
    model.learn(points, answers(points))
    return model


def test_it_is_fitted_when_the_images_have_grown_enough() -> None:
    model, fits = taught(40), []
    points = SPACE.sample(np.random.default_rng(2), 10)
    for _ in range(9):
        model.refit()
        fits.append(model.fitted)
        model.learn(points, answers(points))
        assert not model.fresh
    assert fits == [40, 40, 60, 60, 60, 90, 90, 90, 90]


def test_it_names_the_best_code_of_each_position_and_only_what_is_new() -> None:
    model = taught(200)
    model.refit()
    assert model.news.all()
    best = answers(np.arange(16)[:, None]).argmax(axis=0)
    assert (model.bold == best[:, None]).all()
    assert (model.likely[:, :, 0] == best[:, None]).mean() > 0.5

    points = SPACE.sample(np.random.default_rng(3), 200)
    model.learn(points, answers(points))
    model.refit()
    assert not model.news[:, 1].any()


def test_apart_each_learns_from_its_own_images() -> None:
    points = SPACE.sample(np.random.default_rng(4), 120).astype(np.int64).reshape(2, 60, 6)
    scores = np.stack([answers(rows)[:, number] for number, rows in enumerate(points)])
    model = CodeModel(SPACE, 2, share=False, growth=0.1)
    model.learn_apart(points, scores, 120)
    model.refit()
    assert model.images == 120
    other = np.stack([points[0], points[0][::-1]])
    changed = CodeModel(SPACE, 2, share=False, growth=0.1)
    changed.learn_apart(other, scores, 120)
    changed.refit()
    np.testing.assert_array_equal(model.likely[0], changed.likely[0])
    assert (model.likely[1] != changed.likely[1]).any()


@pytest.mark.parametrize("count", [1, 30])
def test_its_state_is_all_of_it(count: int) -> None:
    model = taught(30)
    model.refit()
    points = SPACE.sample(np.random.default_rng(5), count)
    model.learn(points, answers(points))
    copy = CodeModel(SPACE, 2, share=True, growth=0.5)
    copy.load_state_dict(model.state_dict())
    assert copy.fresh == model.fresh
    for twin in (model, copy):
        twin.learn(points, answers(points))
        twin.refit()
    for name, value in model.state_dict().items():
        again = copy.state_dict()[name]
        assert torch.equal(value, again) if isinstance(value, torch.Tensor) else value == again
