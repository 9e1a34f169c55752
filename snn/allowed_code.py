"""The code that a confined host runs for studies: what lies in folders of its operator's, and our own factories."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

ROOTS = "SPIKEATLAS_ROOTS"
"""Environment variable that confines the studies of a host to its folders, and to code that the host allows."""
CODE = "SPIKEATLAS_CODE"
"""Environment variable with the folders whose code a confined host runs for studies, separated as in PATH."""

_FACTORIES = "spikeatlas.snn.modules.factories"


class NotAllowedError(ValueError):
    """Code that a confined host does not run, by the ``module:object`` or the module that a study names."""

    def __init__(self, path: str) -> None:
        folders = ", ".join(map(str, _folders()))
        extent = f"allows code of {folders} alone" if folders else "allows none"
        super().__init__(
            f"{path} is code of your own, which this host does not run: {ROOTS} confines its studies, and {CODE} {extent}; "
            "choose a built-in one, have its folder added there, or run the study elsewhere"
        )


def is_confined() -> bool:
    """Tell whether studies come from others than who runs this host."""
    return bool(os.environ.get(ROOTS))


def import_allowed(module: str) -> ModuleType:
    """Import a module from the folders that the host allows. NotAllowedError where it lies in none."""
    if module != _FACTORIES:
        _find(module)
    loaded = importlib.import_module(module)
    require_allowed(module, loaded)
    return loaded


def require_allowed(path: str, definition: object) -> None:
    """Raise NotAllowedError unless a confined host allows the file that defines an object.

    Of an allowed module only what is its own is allowed: ``mymodels:os.system`` is not.
    """
    if not is_confined():
        return
    try:
        file = source_file(definition).resolve()
    except TypeError:
        raise NotAllowedError(path) from None
    if not any(file.is_relative_to(place) for place in _places()):
        raise NotAllowedError(path)


def source_file(member: object) -> Path:
    """File that defines a module, a class, a function, or the class of an object. TypeError where there is none."""
    if inspect.ismodule(member) or isinstance(member, type) or inspect.isroutine(member):
        return Path(inspect.getfile(inspect.unwrap(member)))  # type: ignore[arg-type]
    return Path(inspect.getfile(type(member)))


def _find(module: str) -> None:
    """Let Python find the module in the folder that holds it; nothing is run before that is known."""
    name = module.partition(".")[0]
    for folder in _folders():
        if PathFinder.find_spec(name, [str(folder)]) is not None:
            if str(folder) not in sys.path:
                sys.path.append(str(folder))
            return
    raise NotAllowedError(module)


def _folders() -> list[Path]:
    return [Path(place).resolve() for place in os.environ.get(CODE, "").split(os.pathsep) if place]


def _places() -> list[Path]:
    """Folders and files whose code may run."""
    return [*_folders(), Path(__file__).resolve().parent / "modules" / "factories.py"]
