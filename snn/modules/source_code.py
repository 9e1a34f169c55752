"""Digest of the code that makes a module: the factory's file, and the files beside it that it imports.

The imports are read from the text, so that the digest is the same in every process; which modules a process has
loaded differs (a worker has others than the command line), and a factory in a large package would change with them.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from spikeatlas.snn.files import digest_file
from spikeatlas.snn.modules.factory import load_factory


def code_digest(factory: str) -> str:
    """SHA-256 (hex) of the factory's file and of all files of its folder tree that it imports, also indirectly.

    Files count by their path within the tree, so that a folder that moves as a whole keeps its digest. Modules that
    are imported by a computed name are not seen. For a factory in an installed package the tree is that package.
    """
    total = hashlib.sha256()
    for name, path in sorted(_files(factory).items()):
        total.update(f"{name}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def code_parts(factory: str) -> dict[str, str]:
    """SHA-256 (hex) of each file that ``code_digest`` is of, by the words that a sentence has for it."""
    path = _origin(factory)[0]
    return {
        f"the factory's file {name}" if file == path else f"{name}, which it imports": digest_file(
            file
        )
        for name, file in sorted(_files(factory).items())
    }


def digest_of(value: object) -> str:
    """SHA-256 (hex) of settings as JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _files(factory: str) -> dict[str, Path]:
    """Return the files that make the module, by their name within the tree (posix)."""
    path, dotted = _origin(factory)
    base = path.parents[dotted.count(".") + (path.name == "__init__.py")]
    tree = _Tree(base, dotted.split(".")[0] if _is_installed(base) else None)
    tree.add(dotted, path)
    return tree.files


def _origin(factory: str) -> tuple[Path, str]:
    """File and dotted name of the module that defines the factory."""
    definition = load_factory(factory)
    try:
        path, module = inspect.getfile(inspect.unwrap(definition)), definition.__module__
    except (TypeError, AttributeError):
        raise ValueError(
            f"network.factory: {factory} is defined in no file, so its code cannot be part of the result; "
            "write a function in a module."
        ) from None
    return Path(path), module


def _is_installed(base: Path) -> bool:
    paths = sysconfig.get_paths()
    return base in {Path(paths[name]) for name in ("purelib", "platlib", "stdlib", "platstdlib")}


class _Tree:
    """Files below a folder that import each other."""

    def __init__(self, base: Path, package: str | None) -> None:
        self.files: dict[str, Path] = {}
        self._base = base
        self._package = package

    def add(self, dotted: str, path: Path) -> None:
        """Add a module and what it imports from the tree."""
        name = path.relative_to(self._base).as_posix()
        if name in self.files:
            return
        self.files[name] = path
        package = dotted if path.name == "__init__.py" else dotted.rpartition(".")[0]
        for module in _imports(path, package):
            self._add_module(module)

    def _add_module(self, dotted: str) -> None:
        """Add a module of the tree with the packages around it; others are left out."""
        parts = dotted.split(".")
        if self._package not in {None, parts[0]}:
            return
        for depth in range(1, len(parts) + 1):
            place = self._base.joinpath(*parts[:depth])
            for path in (place / "__init__.py", place.with_suffix(".py")):
                if path.is_file():
                    self.add(".".join(parts[:depth]), path)


def _imports(path: Path, package: str) -> Iterator[str]:
    """Names of all modules (or objects of modules) that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            start = ".".join(
                [*(parents if node.level else []), *([node.module] if node.module else [])]
            )
            yield start
            yield from (f"{start}.{alias.name}" for alias in node.names)
