"""The rules of the house (docs/house.md): names, sizes, circles, and that tests mirror the tree."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("flows", "tasks", "snn", "optim")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
CODE = [path for path in MODULES if path.name != "__init__.py"]

SHARED = {
    "base",
    "spec",
    "registry",
    "checks",
    "problems",
    "codes",
    "gaussian",
    "factorised",
    "patterns",
    "rate",
}
"""Names that several families may have: their contract and tables, and members that two of them share."""

TABLES = ("tasks/atlas/groups",)
"""Folders of schema tables, which may be long."""

PARTICIPLES = {
    "found",
    "told",
    "held",
    "known",
    "wanted",
    "own",
    "owned",
    "each",
    "asked",
    "drawn",
    "shown",
    "given",
    "made",
    "kept",
    "chosen",
    "taken",
    "left",
    "seen",
    "picked",
    "done_",
    "got",
    "said",
    "these",
    "those",
    "ours",
    "theirs",
}
"""Words that hide what a variable holds: name it by the noun of its value."""

OPENERS = {"What", "How", "Whether", "Which", "Where", "When", "Who", "Why"}
"""Words that no docstring begins with: its first line is an imperative or a noun phrase that stands alone."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def test_no_module_is_long() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    tables = {name for name in lengths if name.startswith(TABLES)}
    assert {
        name: length for name, length in lengths.items() if length > 250 and name not in tables
    } == {}


def test_no_folder_is_a_corridor() -> None:
    sizes = Counter(name_of(path.parent) for path in MODULES)
    assert {folder: size for folder, size in sizes.items() if size > 16} == {}


def test_no_two_modules_share_a_name() -> None:
    names: dict[str, list[str]] = {}
    for path in CODE:
        if path.stem not in SHARED:
            names.setdefault(path.stem, []).append(name_of(path))
    doubles = {name: paths for name, paths in names.items() if len(paths) > 1}
    # a flow and the unit of work that it runs mirror each other
    assert {name: paths for name, paths in doubles.items() if not is_mirror(name, paths)} == {}


def is_mirror(name: str, paths: list[str]) -> bool:
    return sorted(paths) == [f"flows/{name}.py", f"tasks/stages/{name}.py"]


def public_classes(path: Path) -> Iterator[str]:
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def test_no_two_public_classes_share_a_name() -> None:
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for name in public_classes(path):
            places.setdefault(name, []).append(name_of(path))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def variables(path: Path) -> Iterator[tuple[str, int]]:
    """Names that a module binds to values: assignments, loops, arguments, fields."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


@pytest.mark.parametrize("room", ROOMS)
def test_variables_are_named_by_nouns(room: str) -> None:
    paths = [path for path in MODULES if path.is_relative_to(ROOT / room)]
    assert [
        f"{name_of(path)}:{line} {name}"
        for path in paths
        for name, line in variables(path)
        if name.lstrip("_") in PARTICIPLES
    ] == []


def docstrings(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield text, getattr(node, "lineno", 1)


@pytest.mark.parametrize("room", ROOMS)
def test_docstrings_stand_alone(room: str) -> None:
    paths = [path for path in MODULES if path.is_relative_to(ROOT / room)]
    assert [
        f"{name_of(path)}:{line} {text.splitlines()[0]}"
        for path in paths
        for text, line in docstrings(path)
        if text.split()[0] in OPENERS
    ] == []


def test_no_formatting_is_skipped_but_in_tables() -> None:
    assert [
        name_of(path)
        for path in MODULES
        if re.search(r"# fmt: (skip|off)", path.read_text())
        and not name_of(path).startswith(TABLES)
    ] == []


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = grimp.build_graph("spikeatlas", exclude_type_checking_imports=True, cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def mirrored_folders() -> Iterator[tuple[str, Path]]:
    """Every test file with the folder of the program that it mirrors."""
    for room in ROOMS:
        for path in sorted((ROOT / "tests" / room).rglob("test_*.py")):
            yield path.stem.removeprefix("test_"), ROOT / path.parent.relative_to(ROOT / "tests")


def test_tests_mirror_the_tree() -> None:
    """A test is named after a module beside which it would stand, after its folder, or an aspect of one (name_aspect)."""
    lost = []
    for name, folder in mirrored_folders():
        stems = (
            {path.stem for path in folder.glob("*.py")}
            | {path.name for path in folder.glob("*/")}
            | {folder.name}
        )
        if not any(name == stem or name.startswith(f"{stem}_") for stem in stems):
            lost.append(f"{name_of(folder)}: test_{name}.py")
    assert lost == []
