"""The names that the subpackages had until 0.1: they go on working for one version, with a warning.

``flows``, ``tasks``, ``snn`` and ``optim`` were packages of their own. A user's module may still say
``from snn.generators import Adapter``, or a study name ``snn.x:y``; a module of the user's own that has such a
name comes first.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

ROOMS = ("flows", "tasks", "snn", "optim")


class FormerNames(MetaPathFinder, Loader):
    """Finds ``snn.x`` where nobody else does, and gives what is in ``spikeatlas.snn.x``."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for a former name, unless its package is the user's own."""
        del target
        room = fullname.partition(".")[0]
        if room not in ROOMS or not (path is None or _is_former(sys.modules[room])):
            return None
        # a package without a path: what is below it is looked for here too, and never loaded twice
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave the making of a module to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Let the module give what is in the one of the new name, and say that name."""
        name = f"spikeatlas.{module.__name__}"
        vars(module)["__getattr__"] = partial(getattr, importlib.import_module(name))
        warnings.warn(
            f"{module.__name__} is now {name}: write that instead; the old name goes with the next version",
            FutureWarning,
            stacklevel=2,
        )


def _is_former(module: ModuleType) -> bool:
    return module.__spec__ is not None and isinstance(module.__spec__.loader, FormerNames)


def install() -> None:
    """Let the former names be found, after everything else."""
    if not any(isinstance(finder, FormerNames) for finder in sys.meta_path):
        sys.meta_path.append(FormerNames())
