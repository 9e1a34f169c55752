"""The search methods by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from operator import index
from types import MappingProxyType
from typing import Any, Literal

from spikeatlas.optim.base import Maximizer
from spikeatlas.optim.methods.baselines import (
    DiagonalCMA,
    DiagonalCMAOptions,
    NevergradDiscrete,
    NevergradPortfolio,
)
from spikeatlas.optim.methods.ga import GAOptions, GeneticSearch
from spikeatlas.optim.methods.pool import PoolSearch
from spikeatlas.optim.methods.random import RandomSearch
from spikeatlas.optim.methods.screened.codes import ScreenedCodes
from spikeatlas.optim.methods.screened.gaussian import ScreenedGaussian
from spikeatlas.optim.methods.screened.screened import ScreenedOptions, ScreenedSearch
from spikeatlas.optim.methods.sep_cma import SeparableCMA, SepCMAOptions
from spikeatlas.optim.methods.sphere_cma import SphereCMA, SphereCMAOptions
from spikeatlas.optim.methods.tt.tt import TensorTrain, TTOptions
from spikeatlas.optim.methods.ttopt import CrossSearch, TTOptOptions
from spikeatlas.optim.spaces.space import CodeSpace, GaussianSpace, Points, Space
from spikeatlas.optim.types import Options, Problem


@dataclass(frozen=True)
class _Method:
    build: Callable[[Problem, Any], Maximizer]
    preset: Options
    screens: bool = False  # learns from a screening
    starts: bool = False  # can start from given points
    adapts: bool = False  # can move its budget between neurons
    pools: bool = False  # shows given images alone


def _screened(problem: Problem, options: ScreenedOptions) -> ScreenedSearch:
    if isinstance(problem.space, CodeSpace):
        return ScreenedCodes(problem, options, problem.space)
    if isinstance(problem.space, GaussianSpace):
        return ScreenedGaussian(problem, options, problem.space)
    raise ValueError("screened searches codes and Gaussian latents; choose another method, say ga")


_METHODS: Mapping[str, _Method] = MappingProxyType(
    {
        "screened": _Method(_screened, ScreenedOptions(), screens=True, starts=True, adapts=True),
        "random": _Method(RandomSearch, Options()),
        # MANGO's presets
        "tt": _Method(TensorTrain, TTOptions()),
        "tt-s": _Method(TensorTrain, TTOptions(batch=5)),
        "tt-b": _Method(TensorTrain, TTOptions(batch=25, elites=5)),
        "tt-exp": _Method(TensorTrain, TTOptions(batch=100, elites=10, lr=0.1)),
        "pool": _Method(PoolSearch, Options(), pools=True),
        "ttopt": _Method(CrossSearch, TTOptOptions()),
        "ga": _Method(GeneticSearch, GAOptions()),
        "sep-cma": _Method(SeparableCMA, SepCMAOptions(), starts=True),
        "sphere-cma": _Method(SphereCMA, SphereCMAOptions()),
        # of the extra `baselines`: listed always, ValueError where the library is missing
        "cma": _Method(DiagonalCMA, DiagonalCMAOptions()),
        "nevergrad-portfolio": _Method(NevergradPortfolio, Options()),
        "nevergrad-discrete": _Method(NevergradDiscrete, Options()),
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
    allocation: Literal["fixed", "adaptive"] = "fixed",
    **options: Any,
) -> Maximizer:
    """Make the search `name` for N neurons, one seed each, with `budget` images a neuron.

    With `share` every neuron uses the responses to all images of the N; otherwise N neurons
    together propose exactly what each would alone. `sign` -1 looks for the lowest response. `starts`
    (N, m, d) and `pool` (k, d): see `Problem`. `allocation` "adaptive" moves budget from neurons that
    are done to those that still climb, within the budget * N of all.
    Raises ValueError for an unknown method or option, a budget below what the method needs, and a
    space or an option value it cannot use.
    """
    settings = _settings(name, options)
    every = tuple(index(seed) for seed in seeds)
    if allocation not in ("fixed", "adaptive"):
        raise ValueError(f"allocation is {allocation!r}; it must be 'fixed' or 'adaptive'")
    adaptive = allocation == "adaptive"
    problem = Problem(space, every, budget, share, sign, starts, pool, adaptive)
    if adaptive and not _method(name).adapts:
        able = ", ".join(known for known in _METHODS if _METHODS[known].adapts)
        raise ValueError(
            f"allocation is 'adaptive', which {name!r} cannot do; choose fixed, or a method that can: "
            f"{able}"
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


def uses_screening(name: str) -> bool:
    """Whether the method learns from images shown to all neurons beforehand; ValueError if unknown."""
    return _method(name).screens


def can_start(name: str) -> bool:
    """Whether the method can start from given points; ValueError if it is unknown."""
    return _method(name).starts


def uses_pool(name: str) -> bool:
    """Whether the method shows images of a given pool; ValueError if it is unknown."""
    return _method(name).pools


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
