"""Methods by name, and what is said about wrong names and values."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import (
    CodeSpace,
    GaussianSpace,
    Maximizer,
    make_maximizer,
    method_names,
    minimum_budget,
    option_names,
)
from tests.optim.cases import METHODS, SPACES, library, pool_of

SPACE = CodeSpace(16, 32)


def make(name: str = "tt", **changes: Any) -> Maximizer:
    arguments: dict[str, Any] = {"space": SPACE, "seeds": [1, 2], "budget": 200}
    return make_maximizer(name, **(arguments | changes))


def test_names() -> None:
    assert set(method_names()) == {name for name, _, _ in METHODS}  # the contract covers each
    assert option_names("random") == ("batch",)
    assert option_names("tt-b") == ("batch", "elites", "steps", "lr", "rank", "quantize")


def test_presets_are_mango_s() -> None:
    shown = {name: make(name).options for name in ("tt", "tt-s", "tt-b", "tt-exp")}
    assert [shown[name].batch for name in shown] == [10, 5, 25, 100]
    assert [getattr(shown[name], "elites", 0) for name in shown] == [1, 1, 5, 10]
    assert [getattr(shown[name], "lr", 0) for name in shown] == [0.05, 0.05, 0.05, 0.1]
    assert {(getattr(o, "steps", 0), getattr(o, "rank", 0)) for o in shown.values()} == {(1, 5)}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=library(name)) for name in method_names()]
)
def test_the_minimum_budget_is_enough_and_less_is_not(name: str) -> None:
    space = next(SPACES[spaces[0]] for known, _, spaces in METHODS if known == name)
    pool = pool_of(space) if name == "pool" else None
    least = minimum_budget(name)
    make(name, space=space, pool=pool, budget=least).ask()
    if least > 1:
        with pytest.raises(ValueError, match=rf"budget is {least - 1}; .* at least {least} images"):
            make(name, space=space, budget=least - 1)


def test_minimum_budget_follows_the_options() -> None:
    assert minimum_budget("tt", batch=4) == 5
    with pytest.raises(ValueError, match="option 'bach' of 'tt' is unknown"):
        minimum_budget("tt", bach=4)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("tt-x", {}, "method 'tt-x' is unknown; did you mean .*'tt-exp'.*choose from .*random, tt"),
        ("zzz", {}, "method 'zzz' is unknown; choose from .*random, tt, tt-s, tt-b, tt-exp"),
        ("tt", {"elite": 2}, "option 'elite' of 'tt' is unknown; did you mean 'elites'?"),
        ("random", {"rank": 2}, "option 'rank' of 'random' is unknown; choose from batch"),
        ("random", {"batch": 0}, "batch is 0; it must be a whole number of at least 1"),
        ("random", {"batch": 2.0}, "batch is 2.0"),
        ("random", {"batch": True}, "batch is True"),
        ("tt", {"batch": 1}, "batch is 1; it must be a whole number of at least 2"),
        ("tt", {"elites": 11}, r"elites is 11; it must be a whole number in \[1, 10\]"),
        ("tt", {"steps": 0}, "steps is 0"),
        ("tt", {"rank": 0}, "rank is 0"),
        ("tt", {"lr": 0}, "lr is 0; it must be a finite number above 0"),
        ("tt", {"lr": "fast"}, "lr is 'fast'"),
        ("tt", {"lr": float("nan")}, "lr is nan"),
        ("tt", {"quantize": "no"}, "quantize is 'no'; it must be true or false"),
        ("tt", {"budget": 2.5}, "budget is 2.5; it must be a whole number"),
        ("tt", {"budget": "many"}, "budget is 'many'; it must be a whole number"),
        ("random", {"budget": 0}, "budget is 0"),
        ("tt", {"sign": 0}, "sign is 0; it must be 1"),
        ("tt", {"seeds": []}, "one non-negative integer a neuron"),
        ("tt", {"seeds": [1, -1]}, "one non-negative integer a neuron"),
        ("tt", {"space": CodeSpace(4, 20)}, "is 20, no power of two, .* set quantize: false"),
        ("tt", {"space": GaussianSpace(4, None)}, "needs a grid; set levels"),
    ],
)
def test_wrong_arguments(name: str, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        make(name, **changes)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


def test_any_number_of_levels_without_quantising() -> None:
    assert len(make("tt", space=CodeSpace(4, 20), quantize=False).ask()) == 20


def test_seeds_and_sizes_may_be_numpy_s() -> None:
    search = make("tt", seeds=np.array([1, 2], dtype=np.uint64), budget=np.int64(50))
    assert np.array_equal(search.ask().points, make("tt", budget=50).ask().points)
