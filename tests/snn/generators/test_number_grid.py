"""A grid's points are its stimuli."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from spikeatlas.snn.generators import GENERATORS, GridSpec, digest_generator

PENDULUM: dict[str, Any] = {"kind": "grid", "low": [-1, -1, -8], "high": [1, 1, 8]}


def test_levels_are_even_steps_over_the_range() -> None:
    model = GridSpec(**{**PENDULUM, "levels": 6}).make()
    points = np.array([[0, 1, 2], [3, 4, 5]])
    assert model.decode(points)[:, 0, 0].tolist() == [[0, 51, 102], [153, 204, 255]]
    with pytest.raises(ValueError, match=r"codes 0\.\.5"):
        model.decode(np.array([[0, 0, 6]]))


def test_256_levels_are_all_numbers() -> None:
    model = GridSpec(**{**PENDULUM, "levels": 256}).make()
    points = np.arange(256)[:, None].repeat(3, axis=1)
    np.testing.assert_array_equal(model.decode(points)[:, 0, 0], points)


def test_its_latent_has_an_order() -> None:
    latent = GridSpec(**PENDULUM).latent
    assert (latent.positions, latent.codes) == (3, 32)
    assert latent.codebook is not None
    assert (np.diff(latent.codebook[:, 0]) > 0).all()
    latent.check()


def test_what_it_is_made_of_has_a_digest(tmp_path: Any) -> None:
    one, other = GridSpec(**PENDULUM), GridSpec(**{**PENDULUM, "levels": 33})
    assert digest_generator(one, tmp_path) == digest_generator(GridSpec(**PENDULUM), tmp_path)
    assert digest_generator(one, tmp_path) != digest_generator(other, tmp_path)
    assert one.bounds == ((-1, -1, -8), (1, 1, 8))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"high": [1, 1]}, "low has 3 numbers and high 2"),
        ({"high": [1, -1, 8]}, "each low must be below its high"),
        ({"levels": 1}, "greater than or equal to 2"),
        ({"levels": 257}, "less than or equal to 256"),
        ({"low": [], "high": []}, "at least 1 item"),
        ({"high": [1, 1, float("inf")]}, "finite number"),
        ({"low": [-1, -1, float("-inf")]}, "finite number"),
    ],
)
def test_fields_that_make_no_grid_are_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        GENERATORS.read({**PENDULUM, **fields})


def test_bounds_are_asked_for() -> None:
    with pytest.raises(ValidationError, match="low"):
        GENERATORS.read("grid")
