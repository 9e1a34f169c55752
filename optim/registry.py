"""The search methods by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from operator import index
from types import MappingProxyType
from typing import Any

from optim.contract import Maximizer
from optim.random import RandomSearch
from optim.space import Points, Space
from optim.tt import TensorTrain, TTOptions
from optim.values import Options, Problem


@dataclass(frozen=True)
class _Method:
    build: type[Maximizer]
    preset: Options


_METHODS: Mapping[str, _Method] = MappingProxyType(
    {
        "random": _Method(RandomSearch, Options()),
        # MANGO's presets
        "tt": _Method(TensorTrain, TTOptions()),
        "tt-s": _Method(TensorTrain, TTOptions(batch=5)),
        "tt-b": _Method(TensorTrain, TTOptions(batch=25, elites=5)),
        "tt-exp": _Method(TensorTrain, TTOptions(batch=100, elites=10, lr=0.1)),
    }
)


def make_maximizer(
    name: str,
    space: Space,
    *,
    seeds: Iterable[int],
    budget: int,
    share: bool = False,
    sign: int = 1,
    starts: Points | None = None,
    pool: Points | None = None,
    **options: Any,
) -> Maximizer:
    """Make the search `name` for N neurons, one seed each, with `budget` images a neuron.

    With `share` every neuron uses the responses to all images of the N; otherwise N neurons
    together propose exactly what each would alone. `sign` -1 looks for the lowest response. `starts`
    (N, m, d) and `pool` (k, d): see `Problem`.
    Raises ValueError for an unknown method or option, a budget below what the method needs, and a
    space or an option value it cannot use.
    """
    settings = _settings(name, options)
    problem = Problem(
        space, tuple(index(seed) for seed in seeds), budget, share, sign, starts, pool
    )
    if budget < settings.minimum_budget:
        raise ValueError(
            f"budget is {budget}; the method {name!r} with batch {settings.batch} needs at least "
            f"{settings.minimum_budget} images a neuron; raise the budget or lower the batch"
        )
    return _method(name).build(problem, settings)


def method_names() -> tuple[str, ...]:
    """Names of all methods."""
    return tuple(_METHODS)


def option_names(name: str) -> tuple[str, ...]:
    """Names of the options of the method `name`; ValueError if it is unknown."""
    return tuple(part.name for part in fields(_method(name).preset))


def minimum_budget(name: str, **options: Any) -> int:
    """Fewest images a neuron with which the method can work; ValueError as `make_maximizer`."""
    return _settings(name, options).minimum_budget


def _method(name: str) -> _Method:
    if name not in _METHODS:
        raise ValueError(f"method {name!r} is unknown; {_near(name, _METHODS)}")
    return _METHODS[name]


def _settings(name: str, options: Mapping[str, Any]) -> Options:
    known = option_names(name)
    for option in options:
        if option not in known:
            raise ValueError(f"option {option!r} of {name!r} is unknown; {_near(option, known)}")
    return replace(_method(name).preset, **options)


def _near(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = get_close_matches(name, known)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    return f"{hint}choose from {', '.join(known)}"
