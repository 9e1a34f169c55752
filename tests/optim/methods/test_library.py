"""The methods of other libraries: no trace on global state, and a sentence where they are missing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spikeatlas.optim import GaussianSpace, make_maximizer, method_names
from spikeatlas.optim.methods.library import LibrarySearch
from tests.optim.cases import LIBRARIES, library, library_of, planted, run

LATENTS = GaussianSpace(12, None)
every_library = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=library(name)) for name in LIBRARIES]
)


@every_library
def test_the_global_generator_is_left_alone(name: str) -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    search = make_maximizer(name, LATENTS, seeds=[1], budget=50)
    run(search, planted(LATENTS, 1))
    assert np.array_equal(np.random.get_state()[1], before)  # type: ignore[index]  # noqa: NPY002


@every_library
def test_a_flat_generation_is_not_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    search = make_maximizer(name, LATENTS, seeds=[1, 2], budget=80)
    assert isinstance(search, LibrarySearch)
    calls: list[int] = []
    engine = type(search._engines[0])
    monkeypatch.setattr(engine, "tell", lambda self, _: calls.append(id(self)))
    batch = search.ask()
    responses = np.zeros((len(batch), 2))
    responses[batch.owner == 1, 1] = np.arange(len(batch) // 2)
    search.tell(batch, responses)
    assert calls == [id(search._engines[1])]


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_missing_library_is_named_with_the_remedy(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = str(library_of(name))
    monkeypatch.setitem(sys.modules, module, None)  # what import takes for missing
    assert name in method_names()
    words = rf"{module} is not installed; run pip install 'spikeatlas\[baselines\]'"
    with pytest.raises(ValueError, match=words):
        make_maximizer(name, LATENTS, seeds=[1], budget=50)
