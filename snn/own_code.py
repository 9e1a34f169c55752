"""Code of a user's own: named ``module:object`` in a study, imported, and identified by its file."""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import os
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from spikeatlas.snn.sentences import near

ROOTS = "SPIKEATLAS_ROOTS"
"""Environment variable that confines the studies of a host to its folders, and to our own code."""

_PATH = r"^[\w.]+:[\w.]+$"


def load_object(path: str) -> Any:
    """Import ``module:object`` of a user. ValueError where that cannot be, or where a host is confined."""
    if os.environ.get(ROOTS):
        raise ValueError(
            f"{path} is code of your own, which this host does not run: {ROOTS} confines its studies; "
            "choose a built-in one, or run the study elsewhere"
        )
    module, _, name = path.partition(":")
    try:
        loaded = import_own(module)
    except ImportError as error:
        raise ValueError(
            f"{path} cannot be imported ({error}): is the module on PYTHONPATH, installed, or in the working folder?"
        ) from error
    except Exception as error:
        raise ValueError(
            f"{path} cannot be imported, for its module fails with {type(error).__name__}: {error}"
        ) from error
    try:
        return functools.reduce(getattr, name.split("."), loaded)
    except AttributeError as error:
        raise ValueError(
            f"{path}: module {module} has no {name}{near(name, vars(loaded))}"
        ) from error


def import_own(module: str) -> ModuleType:
    """Import a user's module: installed, on PYTHONPATH, or, last of all, in the working folder."""
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    return importlib.import_module(module)


def _check_path(value: object) -> object:
    """Refuse what is no ``module:function``, in words."""
    if isinstance(value, str) and not re.fullmatch(_PATH, value):
        module, _, name = value.rpartition(".")
        example = f"{module}:{name}" if re.fullmatch(_PATH, f"{module}:{name}") else "mymodels:make"
        raise ValueError(f"{value!r} names no function; write module:function, such as {example}")
    return value


FunctionPath = Annotated[str, BeforeValidator(_check_path), Field(pattern=_PATH)]
"""A user's function in a study: ``module:function``."""


def source_digest(member: object) -> str:
    """SHA-256 (hex) of the file that defines a member's class (or a function)."""
    definition = member if isinstance(member, type) or inspect.isroutine(member) else type(member)
    return hashlib.sha256(Path(inspect.getfile(definition)).read_bytes()).hexdigest()
