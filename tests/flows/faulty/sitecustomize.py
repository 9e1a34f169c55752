"""Loaded by the interpreter of a test's run: searches of layer fc1 fail."""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


class _Break(MetaPathFinder):
    def find_spec(
        self, name: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "tasks.maximize":
            return None
        spec = PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.loader is not None
        spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        search = module.search_group

        def failing(job: Any, block: Any, *rest: Any) -> Any:
            if block.layer == "fc1":
                message = "injected fault"
                raise RuntimeError(message)
            return search(job, block, *rest)

        module.search_group = failing  # type: ignore[attr-defined]


sys.meta_path.insert(0, _Break())
