"""The methods of other libraries: what they reach, and what is said where they are missing."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace, GaussianSpace, Space, make_maximizer, method_names
from spikeatlas.optim.methods.baselines import Wrapped
from tests.optim.cases import LIBRARIES, gains, library, planted, run

CODES, LATENTS = CodeSpace(16, 32), GaussianSpace(12, None)
each_method = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=library(name)) for name in LIBRARIES]
)


@pytest.mark.parametrize(
    ("name", "space"),
    [
        pytest.param(name, space, marks=library(name))
        for name, space in (
            ("cma", LATENTS),
            ("nevergrad-discrete", LATENTS),
            ("nevergrad-discrete", CODES),
            ("nevergrad-portfolio", LATENTS),
        )
    ],
    ids=str,
)
def test_beats_random_on_planted_neurons(name: str, space: Space) -> None:
    gain = gains(name, space, budget=200)
    assert (gain > 0).mean() >= 0.8
    assert gain.mean() > 0.05


@each_method
def test_the_global_generator_is_left_alone(name: str) -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    search = make_maximizer(name, LATENTS, seeds=[1], budget=50)
    run(search, planted(LATENTS, 1))
    assert np.array_equal(np.random.get_state()[1], before)  # type: ignore[index]  # noqa: NPY002


@each_method
def test_a_flat_generation_is_not_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    search = make_maximizer(name, LATENTS, seeds=[1, 2], budget=80)
    assert isinstance(search, Wrapped)
    told: list[int] = []
    engine = type(search._engines[0])
    monkeypatch.setattr(engine, "tell", lambda self, _: told.append(id(self)))
    batch = search.ask()
    responses = np.zeros((len(batch), 2))
    responses[batch.owner == 1, 1] = np.arange(len(batch) // 2)
    search.tell(batch, responses)
    assert told == [id(search._engines[1])]


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_missing_library_is_named_with_the_remedy(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)  # what import takes for missing
    assert name in method_names()
    words = rf"{LIBRARIES[name]} is not installed; run pip install 'spikeatlas\[baselines\]'"
    with pytest.raises(ValueError, match=words):
        make_maximizer(name, LATENTS, seeds=[1], budget=50)


@pytest.mark.parametrize(
    ("name", "space", "options", "words"),
    [
        ("cma", CODES, {}, "the space is a CodeSpace, but CMA-ES .* say tt or ga"),
        ("cma", LATENTS, {"batch": 3}, "batch is 3; it must be a whole number of at least 4"),
        ("cma", LATENTS, {"sigma": -1}, "sigma is -1; it must be a finite number above 0"),
        ("nevergrad-discrete", CODES, {"batch": 0}, "batch is 0"),
    ],
)
def test_wrong_arguments(name: str, space: Space, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_maximizer(name, space, seeds=[1], budget=50, **options)
