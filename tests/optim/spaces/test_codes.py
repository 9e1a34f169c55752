"""Spaces of codes: the codebook, the prior of typical points, and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace
from spikeatlas.optim.spaces import squared_distances
from tests.optim.cases import Chain, chained


def test_points_outside_the_space() -> None:
    codes = CodeSpace(2, 4)
    assert codes.contains(np.array([[0, 3], [0, 4], [-1, 0]])).tolist() == [True, False, False]
    assert codes.contains(np.array([[0.5, 1], [np.nan, 1]], np.float32)).tolist() == [False] * 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"positions": 0, "codes": 4}, "positions is 0; .* at least 1"),
        ({"positions": 4, "codes": 1}, "codes is 1; .* at least 2"),
        ({"positions": True, "codes": 4}, "positions is True"),
        ({"positions": 4, "codes": 8, "embedding": np.zeros((7, 2))}, "8 codes"),
        (
            {"positions": 4, "codes": 8, "prior": Chain(4, 9)},
            "prior is of 4 positions and 9 codes; this space has 4 and 8: train it with",
        ),
        ({"positions": 4, "codes": 8, "prior": Chain(9, 8)}, "prior is of 9 positions"),
    ],
)
def test_impossible_spaces(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CodeSpace(**values)


def test_an_embedding_is_carried() -> None:
    embedding = np.ones((8, 2))
    assert CodeSpace(4, 8, embedding).embedding is embedding


def test_codes_are_drawn_from_the_prior_where_there_is_one() -> None:
    bare, with_prior = CodeSpace(16, 32), CodeSpace(16, 32, prior=Chain(16, 32))
    typical, uniform = (space.sample(np.random.default_rng(0), 200) for space in (with_prior, bare))
    assert with_prior.contains(typical).all()
    assert chained(typical, 32).mean() > 0.85
    assert chained(uniform, 32).mean() < 0.1
    assert np.array_equal(
        uniform, np.random.default_rng(0).integers(32, size=(200, 16), dtype=np.int64)
    )
    assert (repr(with_prior), with_prior) == (
        repr(bare),
        bare,
    )  # states of searches name the space so


def test_squared_distances() -> None:
    vectors = np.random.default_rng(0).standard_normal((7, 3))
    distances = ((vectors[:, None] - vectors) ** 2).sum(axis=2)
    assert np.allclose(squared_distances(vectors), distances)
