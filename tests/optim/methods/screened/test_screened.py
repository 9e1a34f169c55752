"""The screened search: its share of the budget, its kinds of spaces, and what it can."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import (
    CodeSpace,
    GaussianSpace,
    Space,
    can_start,
    make_maximizer,
    uses_screening,
)
from spikeatlas.optim.methods.screened import ScreenedSearch

SPACES = [CodeSpace(16, 32), GaussianSpace(6)]


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 40),
        ({"screening": 0.5}, 100),
        ({"most": 33}, 33),
        ({"screening": 1e-3}, 10),
        ({"screening": 0}, 10),
    ],
)
def test_the_size_of_the_screening(space: Space, options: dict[str, Any], count: int) -> None:
    alone = make_maximizer("screened", space, seeds=[1, 2], budget=200, **options).ask()
    assert np.bincount(alone.owner).tolist() == [count, count]
    shared = make_maximizer(
        "screened", space, seeds=[1, 2], budget=100, share=True, **options
    ).ask()
    assert (shared.owner == -1).all()
    assert len(shared) == count


def test_a_subclass_of_a_space_is_searched() -> None:
    class Named(CodeSpace):
        name = "mine"

    assert isinstance(
        make_maximizer("screened", Named(16, 32), seeds=[1], budget=50), ScreenedSearch
    )


def test_a_space_that_is_neither() -> None:
    class Other:
        dim, levels, dtype = 4, None, np.dtype(np.float32)

    with pytest.raises(ValueError, match="screened searches codes and Gaussian latents; choose"):
        make_maximizer("screened", Other(), seeds=[1], budget=50)  # type: ignore[arg-type]


def test_gaussian_latents_have_a_fixed_allocation() -> None:
    with pytest.raises(ValueError, match="which screened can do for codes only; choose fixed"):
        make_maximizer(
            "screened", GaussianSpace(6), seeds=[1], budget=50, share=True, allocation="adaptive"
        )


def test_what_the_method_can() -> None:
    assert uses_screening("screened")
    assert can_start("screened")
    assert not uses_screening("ga")
    assert not can_start("tt")
