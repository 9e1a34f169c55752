"""The code that a confined host runs for studies: what lies in folders of its operator's, and our own factories."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

ROOTS = "SPIKEATLAS_ROOTS"
"""Environment variable that confines the studies of a host to its folders, and to code that the host allows."""
CODE = "SPIKEATLAS_CODE"
"""Environment variable with the folders whose code a confined host runs for studies, separated as in PATH."""

_FACTORIES = "spikeatlas.snn.modules.factories"


class NotAllowedError(ValueError):
    """Code that a confined host does not run, by the ``module:object`` or the module that a study names.

    ``hindrance``: a reason other than its place.
    """

    def __init__(self, path: str, hindrance: str = "") -> None:
        self.hindrance = hindrance
        if hindrance:
            super().__init__(f"{path} is code that this host cannot run: {hindrance}")
            return
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
    """Import a module from the folders that the host allows, whatever else has its name.

    NotAllowedError where it lies in none, or where its name is another module's already; then nothing has run.
    """
    if module != _FACTORIES:
        _allow(module)
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


class _AllowedFinder(MetaPathFinder):
    """Finder of the modules that studies have named, in the host's folders, ahead of every other place."""

    def __init__(self) -> None:
        self.folders: dict[str, Path] = {}

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a named module lies; None for all others, and on a host that is not confined."""
        folder = self.folders.get(fullname)
        return None if folder is None or not is_confined() else _spec(fullname, folder)


_FINDER = _AllowedFinder()


def _allow(module: str) -> None:
    """Let Python import the module from the folder that holds it; nothing is run before that is known."""
    name = module.partition(".")[0]
    places = [(folder, spec) for folder in _folders() if (spec := _spec(name, folder)) is not None]
    if not places:
        raise NotAllowedError(module)
    folder, spec = places[0]
    _require_free(module, name, Path(str(spec.origin)))
    _FINDER.folders[name] = folder
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    # what a module of the folder imports from beside it; last, so that it hides nothing
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _spec(name: str, folder: Path) -> ModuleSpec | None:
    """Find a module that is a file of a folder; a folder without ``__init__.py`` is none, nor a link to elsewhere."""
    spec = PathFinder.find_spec(name, [str(folder)])
    if spec is None or not spec.has_location or spec.origin is None:
        return None
    return spec if Path(spec.origin).resolve().is_relative_to(folder) else None


def _require_free(module: str, name: str, file: Path) -> None:
    """Raise NotAllowedError where a name is already that of another module than a file's."""
    other = sys.modules.get(name)
    if other is not None:
        place = getattr(other, "__file__", None)
        if place is None or Path(place).resolve() != file.resolve():
            raise NotAllowedError(
                module, f"another module {name} is loaded here; have {file} renamed"
            )
    elif name in sys.stdlib_module_names:
        raise NotAllowedError(module, f"{name} is a module of Python's own; have {file} renamed")


def _folders() -> list[Path]:
    return [
        Path(place).expanduser().resolve()
        for place in os.environ.get(CODE, "").split(os.pathsep)
        if place
    ]


def _places() -> list[Path]:
    """Folders and files whose code may run."""
    return [*_folders(), Path(__file__).resolve().parent / "modules" / "factories.py"]
