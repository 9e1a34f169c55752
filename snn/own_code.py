"""Code of a user's own: named ``module:object`` in a study, imported, and identified by its file."""

from __future__ import annotations

import functools
import hashlib
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from spikeatlas.snn.allowed_code import (
    NotAllowedError,
    import_allowed,
    is_confined,
    require_allowed,
    source_file,
)
from spikeatlas.snn.sentences import near, reason_of

_PATH = r"^[\w.]+:[\w.]+$"


def load_object(path: str) -> Any:
    """Import ``module:object`` of a user. ValueError where that cannot be, or where a confined host does not allow it."""
    module, _, name = path.partition(":")
    try:
        loaded = import_own(module)
    except ImportError as error:
        raise ValueError(f"{path} cannot be imported{_import_words(module, error)}") from error
    except NotAllowedError as error:
        raise NotAllowedError(path, error.hindrance) from None
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"{path} cannot be imported, for its module fails with {reason_of(error)}"
        ) from error
    try:
        member: Any = functools.reduce(getattr, name.split("."), loaded)
    except AttributeError as error:
        raise ValueError(
            f"{path}: module {module} has no {name}{near(name, vars(loaded))}"
        ) from error
    require_allowed(path, member)
    return member


def _import_words(module: str, error: ImportError) -> str:
    """Say which module is missing: the one that is named, or one that its file imports."""
    packages = {module, *(module[:place] for place, sign in enumerate(module) if sign == ".")}
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return f", for its module fails with {reason_of(error)}"
    if error.name in packages:
        return f" ({reason_of(error)}): is the module on PYTHONPATH, installed, or in the working folder?"
    return f", for its module imports {error.name}, which there is not: install that, or put it on PYTHONPATH"


def import_own(module: str) -> ModuleType:
    """Import a user's module: installed, on PYTHONPATH, or, last of all, in the working folder.

    On a confined host: from the folders that it allows. NotAllowedError where they do not hold it.
    """
    if is_confined():
        return import_allowed(module)
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
    return hashlib.sha256(source_file(member).read_bytes()).hexdigest()
