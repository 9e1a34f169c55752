"""pycma's CMA-ES: better than chance, and its errors."""

from __future__ import annotations

from typing import Any

import pytest

from spikeatlas.optim import CodeSpace, GaussianSpace, Space, make_maximizer
from tests.optim.cases import gains, library

CODES, LATENTS = CodeSpace(16, 32), GaussianSpace(12, None)
pytestmark = library("cma")


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_beats_random_on_planted_neurons(covariance: str) -> None:
    gain = gains("cma", LATENTS, budget=200, covariance=covariance)
    assert (gain > 0).mean() >= 0.8
    assert gain.mean() > 0.05


@pytest.mark.parametrize(
    ("space", "options", "words"),
    [
        (CODES, {}, "the space is a CodeSpace, but CMA-ES .* say tt or ga"),
        (LATENTS, {"batch": 3}, "batch is 3; it must be a whole number of at least 4"),
        (LATENTS, {"covariance": "half"}, "covariance is 'half'; it must be diagonal or full"),
        (LATENTS, {"sigma": -1}, "sigma is -1; it must be a finite number above 0"),
    ],
)
def test_wrong_arguments(space: Space, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_maximizer("cma", space, seeds=[1], budget=50, **options)
