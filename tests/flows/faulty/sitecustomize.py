"""Loaded by the interpreter of a test's run: searches of layer fc1 go wrong as FAULT says.

- ``nan``: no response is a number.
- ``loop``, ``stuck``: the first one never ends, in Python or in a call that cannot be interrupted; FAULT_MARK is a
  file that tells it from the others.
"""

from __future__ import annotations

import os
import sys
import time
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

FAULT = os.environ["FAULT"]


class _Break(MetaPathFinder):
    def find_spec(
        self, name: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "spikeatlas.tasks.search.probe":
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
        probe = module.BlockProbe
        open_responder = probe.open_responder

        def faulty(block_probe: Any, purpose: str) -> Any:
            respond = open_responder(block_probe, purpose)
            if block_probe.block.layer != "fc1":
                return respond
            return lambda images: wrong(respond(images))

        probe.open_responder = faulty


def wrong(responses: Any) -> Any:
    """What becomes of right responses."""
    if FAULT == "nan":
        return responses * float("nan")
    mark = Path(os.environ["FAULT_MARK"])
    if mark.exists():
        return responses
    mark.touch()
    while True:
        time.sleep(0.01 if FAULT == "loop" else 3600)


sys.meta_path.insert(0, _Break())
