"""nevergrad's optimisers: better than chance, and their errors."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace, GaussianSpace, Space, make_maximizer
from tests.optim.cases import gains, library

CODES, LATENTS = CodeSpace(16, 32), GaussianSpace(12, None)
pytestmark = library("nevergrad-discrete")


@pytest.mark.parametrize(
    ("name", "space"),
    [
        ("nevergrad-discrete", LATENTS),
        ("nevergrad-discrete", CODES),
        ("nevergrad-portfolio", LATENTS),
    ],
    ids=str,
)
def test_beats_random_on_planted_neurons(name: str, space: Space) -> None:
    gain = gains(name, space, budget=200)
    assert (gain > 0).mean() >= 0.8
    assert gain.mean() > 0.05


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="batch is 0"):
        make_maximizer("nevergrad-discrete", CODES, seeds=[1], budget=50, batch=0)


def test_a_space_that_is_neither() -> None:
    class Other:
        dim, levels, dtype = 4, None, np.dtype(np.float32)

    with pytest.raises(ValueError, match="the space is a Other, but nevergrad's search moves"):
        make_maximizer("nevergrad-discrete", Other(), seeds=[1], budget=50)  # type: ignore[arg-type]
