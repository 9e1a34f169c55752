"""The marks of a test by what it touches, so that ``make quick`` leaves out what takes long.

Nobody sets them: a test has the mark when it, its fixtures or the functions of the tests that these call name one
of the functions below.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from types import CodeType
from typing import Any

import pytest

TOUCHES = {
    "server": {"serving", "serving_bucket", "LocalCluster", "spikeatlas.flows.cli"},
    "browser": {"sync_playwright"},
    "trains": {
        "train_network", "train_generator", "train_prior", "train_classifier",
        "VQVAELearner", "GANLearner", "make_setting",
    },
}  # fmt: skip
"""A mark and the names, or words in code that another process runs, that give it."""


def marks(item: pytest.Function) -> set[str]:
    """Return the marks of a test."""
    names = frozenset[str]().union(*map(reach, _functions(item)))
    return {mark for mark, touched in TOUCHES.items() if names & touched}


def _functions(item: pytest.Function) -> Iterator[Callable[..., Any]]:
    """Yield a test and its fixtures, those included that it asks for by a parameter's value."""
    yield item.function
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    manager = item.session._fixturemanager
    for name in [*item.fixturenames, *(value for value in values if isinstance(value, str))]:
        yield from (fixture.func for fixture in manager.getfixturedefs(name, item) or ())


@functools.cache
def reach(function: Callable[..., Any]) -> frozenset[str]:
    """Return the names and words in a function, and in the functions of the tests that its names lead to."""
    reached, functions = set[str](), [inspect.unwrap(function)]
    for caller in functions:
        for code in _codes(caller.__code__):
            reached.update(word for word in code.co_consts if isinstance(word, str))
            for value in _values(code, caller.__globals__):
                callees = _functions_of_tests(value)
                functions += [callee for callee in callees if callee not in functions]
            reached.update(code.co_names)
    return frozenset(reached)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function and of those that are defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _values(code: CodeType, names: dict[str, Any]) -> Iterator[Any]:
    """Yield what the names in a code stand for: values of its module, or of modules of the tests it imports."""
    modules = [import_module(name) for name in code.co_names if name.startswith("tests.")]
    for scope in (names, *map(vars, modules)):
        yield from (scope[name] for name in code.co_names if name in scope)


def _functions_of_tests(value: Any) -> list[Any]:
    """Return the functions that stand behind a global value: itself, or the methods of a class of the tests."""
    if not str(getattr(value, "__module__", None)).startswith("tests."):
        return []
    members = vars(value).values() if inspect.isclass(value) else [value]
    plain = [inspect.unwrap(member) for member in members if callable(member)]
    return [member for member in plain if inspect.isfunction(member)]
