"""Methods by name and of a user's own, and sentences about wrong names and values."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import (
    CodeSpace,
    GaussianSpace,
    Indices,
    Maximizer,
    Method,
    MethodLike,
    Points,
    can_start,
    make_maximizer,
    method_names,
    minimum_budget,
    option_names,
    uses_pool,
    uses_screening,
)
from spikeatlas.optim.methods import METHODS as TABLE
from tests.optim.cases import EVERY_METHOD, METHODS, SPACES, library, pool_of, title
from tests.optim.drift import Drift, DriftOptions
from tests.optim.pupil import Pupil

SPACE = CodeSpace(16, 32)


def make(method: MethodLike = "tt", **changes: Any) -> Maximizer:
    arguments: dict[str, Any] = {"space": SPACE, "seeds": [1, 2], "budget": 200}
    return make_maximizer(method, **(arguments | changes))


def test_names() -> None:
    assert method_names() == tuple(TABLE)
    # the contract covers each
    assert set(EVERY_METHOD) == {method for method, _, spaces in METHODS if spaces}
    assert option_names("random") == ("batch",)
    assert option_names("tt-b") == ("batch", "elites", "steps", "lr", "rank", "quantize")


def test_presets_are_mango_s() -> None:
    options = {name: make(name).options for name in ("tt", "tt-s", "tt-b", "tt-exp")}
    assert [options[name].batch for name in options] == [10, 5, 25, 100]
    assert [getattr(options[name], "elites", 0) for name in options] == [1, 1, 5, 10]
    assert [getattr(options[name], "lr", 0) for name in options] == [0.05, 0.05, 0.05, 0.1]
    assert {(getattr(o, "steps", 0), getattr(o, "rank", 0)) for o in options.values()} == {(1, 5)}


@pytest.mark.parametrize(
    "method",
    [pytest.param(method, marks=library(method), id=title(method)) for method in EVERY_METHOD],
)
def test_the_minimum_budget_is_enough_and_less_is_not(method: MethodLike) -> None:
    space = next(SPACES[spaces[0]] for other, _, spaces in METHODS if other == method)
    pool = pool_of(space) if uses_pool(method) else None
    least = minimum_budget(method)
    given = {"space": space, "pool": pool, "student": Pupil()}
    make(method, **given, budget=least).ask()
    if least > 1:
        with pytest.raises(ValueError, match=rf"budget is {least - 1}; .* at least {least} images"):
            make(method, space=space, budget=least - 1)


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
        ("tt", {"space": GaussianSpace(4, None)}, "needs a grid; set levels"),
    ],
)
def test_wrong_arguments(name: str, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        make(name, **changes)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


@pytest.mark.parametrize("quantize", [True, False])
def test_any_number_of_levels(quantize: bool) -> None:
    assert len(make("tt", space=CodeSpace(4, 20), quantize=quantize).ask()) == 20


def test_seeds_and_sizes_may_be_numpy_s() -> None:
    search = make("tt", seeds=np.array([1, 2], dtype=np.uint64), budget=np.int64(50))
    assert np.array_equal(search.ask().points, make("tt", budget=50).ask().points)


def test_a_method_of_the_user_s_own() -> None:
    assert isinstance(make(Drift), Drift)
    assert option_names(Drift) == ("batch", "part")
    assert minimum_budget(Drift) == 11
    assert minimum_budget(Drift, batch=3) == 4
    assert not any(uses(Drift) for uses in (uses_screening, uses_pool, can_start))
    assert make(Drift, part=0.5).options == DriftOptions(part=0.5)
    assert Drift.__name__ not in method_names()


def test_a_preset_of_the_user_s_own() -> None:
    bold = Method(Drift, DriftOptions(batch=4, part=0.9))
    assert make(bold).options == DriftOptions(batch=4, part=0.9)
    assert make(bold, batch=7).options == DriftOptions(batch=7, part=0.9)
    assert minimum_budget(bold) == 5
    assert option_names(bold) == ("batch", "part")


def test_a_method_may_learn_from_all_that_there_is() -> None:
    class Able(Drift):
        uses_screening = uses_pool = can_start = can_adapt = True

    assert uses_screening(Able)
    assert uses_pool(Able)
    assert can_start(Able)
    assert make(Able, allocation="adaptive", share=True).problem.adaptive


class Unfinished(Maximizer):
    """Proposes nothing."""


class Failing(Drift):
    """Fails at its start, for a reason of its own."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        raise ValueError("this method needs the moon")

    def _propose(self) -> tuple[Points, Indices]:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("method", "changes", "words"),
    [
        (Drift, {"part": 2}, r"part is 2; it must be in \(0, 1\]"),
        (Drift, {"parts": 1}, "option 'parts' of 'tests.optim.drift:Drift' is unknown; did you mean 'part'"),
        (Drift, {"space": CodeSpace(2, 4)}, "part leaves no coordinate to draw again; raise it"),
        (Drift, {"budget": 10}, "the method 'tests.optim.drift:Drift' with batch 10 needs at least 11"),
        (
            Method(Drift, DriftOptions()),
            {"allocation": "adaptive", "share": True},
            "which 'tests.optim.drift:Drift' cannot do; choose fixed, or a method that can: screened",
        ),
        (Unfinished, {}, "test_registry:Unfinished is not complete: define _propose"),
        (Failing, {}, "this method needs the moon"),
        (CodeSpace, {}, "CodeSpace is no search method; give the name of one, a subclass of"),
        (7, {}, "7 is no search method; .* a subclass of spikeatlas.optim.Maximizer, or a spike"),
        (None, {}, "None is no search method"),
    ],
)  # fmt: skip
def test_objects_that_are_no_methods(method: Any, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        make(method, **changes)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301
