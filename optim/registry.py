"""Search methods by name, or a user's own: their makers and what they make use of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from inspect import isabstract
from operator import index
from typing import Any, Literal, TypeAlias

from spikeatlas.optim.base import Maximizer, Method
from spikeatlas.optim.methods import METHODS
from spikeatlas.optim.spaces import Points, Space
from spikeatlas.optim.student import Student
from spikeatlas.optim.types import RATES, Options, Problem

MethodLike: TypeAlias = str | Method | type[Maximizer]
"""The name of a built-in method, a preset, or a class of searches."""


def make_maximizer(
    method: MethodLike,
    /,
    space: Space,
    *,
    seeds: Iterable[int],
    budget: int,
    share: bool = False,
    sign: int = 1,
    starts: Points | None = None,
    pool: Points | None = None,
    allocation: Literal["fixed", "adaptive"] = "fixed",
    ends: tuple[float | None, float | None] = RATES,
    student: Student | None = None,
    **options: Any,
) -> Maximizer:
    """Make the search of N neurons, one seed each, with `budget` images a neuron.

    With `share` every neuron uses the responses to all images of the N; otherwise N neurons
    together propose exactly what each would alone. `sign` -1 looks for the lowest response. `starts`
    (N, m, d), `pool` (k, d) and `student`: see `Problem`. `allocation` "adaptive" moves budget from neurons that
    are done to those that still climb, within the budget * N of all; `ends` (lowest and highest response there can
    be): a neuron that got there is done.
    Raises ValueError for an unknown method or option, a budget below what the method needs, and a
    space or an option value it cannot use.
    """
    member, settings = find_method(method), _settings(method, options)
    if allocation not in ("fixed", "adaptive"):
        raise ValueError(f"allocation is {allocation!r}; it must be 'fixed' or 'adaptive'")
    adaptive = allocation == "adaptive"
    numbers = tuple(index(seed) for seed in seeds)
    problem = Problem(space, numbers, budget, share, sign, starts, pool, adaptive, ends, student)
    if adaptive and not member.search.can_adapt:
        able = ", ".join(name for name in METHODS if find_method(name).search.can_adapt)
        raise ValueError(
            f"allocation is 'adaptive', which {_title(method)!r} cannot do; choose fixed, or a method that can: "
            f"{able}"
        )
    if budget < settings.minimum_budget:
        raise ValueError(
            f"budget is {budget}; the method {_title(method)!r} with batch {settings.batch} needs at least "
            f"{settings.minimum_budget} images a neuron; raise the budget or lower the batch"
        )
    return member.search(problem, settings)


def method_names() -> tuple[str, ...]:
    """Return the names of all built-in methods."""
    return tuple(METHODS)


def uses_screening(method: MethodLike) -> bool:
    """Tell if a method learns from images shown to all neurons beforehand; ValueError if unknown."""
    return find_method(method).search.uses_screening


def can_start(method: MethodLike) -> bool:
    """Tell if a method can start from given points; ValueError if it is unknown."""
    return find_method(method).search.can_start


def uses_pool(method: MethodLike) -> bool:
    """Tell if a method shows images of a given pool; ValueError if it is unknown."""
    return find_method(method).search.uses_pool


def uses_student(method: MethodLike) -> bool:
    """Tell if a method asks a student for points, and learns from recordings; ValueError if it is unknown."""
    return find_method(method).search.uses_student


def option_names(method: MethodLike) -> tuple[str, ...]:
    """Return the names of a method's options; ValueError if it is unknown."""
    return tuple(part.name for part in fields(find_method(method).preset))


def minimum_budget(method: MethodLike, **options: Any) -> int:
    """Return the fewest images a neuron with which a method works; ValueError as `make_maximizer`."""
    return _settings(method, options).minimum_budget


def find_method(method: MethodLike) -> Method:
    """Return the method that `method` names or is; ValueError, with the near names, where it is none."""
    if isinstance(method, str) and method not in METHODS:
        raise ValueError(f"method {method!r} is unknown; {_near(method, METHODS)}")
    member = METHODS[method] if isinstance(method, str) else method
    if isinstance(member, type) and issubclass(member, Maximizer):
        member = Method(member, member.preset)
    if not isinstance(member, Method):
        raise ValueError(  # noqa: TRY004 (a user's choice, like any other)
            f"{_title(method)} is no search method; give the name of one, a subclass of "
            "spikeatlas.optim.Maximizer, or a spikeatlas.optim.Method"
        )
    if isabstract(member.search):
        lacking = ", ".join(sorted(member.search.__abstractmethods__))
        raise ValueError(f"{_title(method)} is not complete: define {lacking}")
    return member


def _settings(method: MethodLike, options: Mapping[str, Any]) -> Options:
    names = option_names(method)
    for name in options:
        if name not in names:
            raise ValueError(
                f"option {name!r} of {_title(method)!r} is unknown; {_near(name, names)}"
            )
    return replace(find_method(method).preset, **options)


def _title(method: MethodLike) -> str:
    """Return the method's name in a sentence; a class's is `module:class`."""
    searches = method.search if isinstance(method, Method) else method
    if isinstance(searches, type):
        return f"{searches.__module__}:{searches.__qualname__}"
    return str(searches)


def _near(name: str, names: Iterable[str]) -> str:
    names = list(names)
    close = get_close_matches(name, names)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return f"{hint}choose from {', '.join(names)}"
