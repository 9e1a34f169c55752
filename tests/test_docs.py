"""The pages at the top and in docs/ are true: studies validate, command lines parse, paths and names exist."""

from __future__ import annotations

import functools
import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml

from spikeatlas.flows.benchmark.command import measure
from spikeatlas.flows.benchmark.mode import RACE, Mode
from spikeatlas.flows.benchmark.modes import MODES
from spikeatlas.flows.checks.study_checks import check
from spikeatlas.flows.cli import app
from spikeatlas.flows.study_file import parse, read_study
from spikeatlas.snn.subjects import ChainSpec
from tests.pages import PAGES, ROOT, blocks

ROOMS = ("flows", "tasks", "snn", "optim", "tests", "deployments", "docs")
PROGRAM = "spikeatlas"


def mentions(page: Path) -> list[str]:
    """Return all that a page prints as code: words between backticks, and the lines of its blocks."""
    text = page.read_text()
    inline = re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    )
    indented = re.sub(r" \\\n\s+", " ", text)
    lines = re.findall(r"^(?: {4})?(?:for .*; do )?(spikeatlas .*)$", indented, flags=re.MULTILINE)
    return [*inline, *lines]


def command_lines(page: Path) -> Iterator[list[str]]:
    """Yield the command lines of ours on a page, without what a shell would take away."""
    for text in mentions(page):
        if text.startswith(f"{PROGRAM} "):
            words = shlex.split(re.sub(r"; done$", "", text), comments=True)
            plain = [re.sub(r"^\[|\.{3}\]$|\]$", "", word) for word in words[1:] if word != "\\"]
            yield [word for word in plain if word]


def idle(mode: Mode) -> Mode:
    """Return a mode that takes the same options and measures nothing."""
    return functools.wraps(mode)(lambda **_options: iter(()))


IDLE = {name: idle(mode) for name, mode in MODES.items()}
COMMANDS = [
    pytest.param(words, id=f"{page.stem}: {' '.join(words)}")
    for page in PAGES
    for words in command_lines(page)
]


@pytest.mark.parametrize("words", COMMANDS)
def test_command_lines_parse(words: list[str]) -> None:
    group = typer.main.get_group(app)
    name, command, rest = group.resolve_command(typer.Context(group), words)
    assert name is not None
    assert command is not None, f"there is no command {name}"
    if rest in ([], ["--about"]):
        return  # the name alone, in a sentence
    context = command.make_context(name, rest)
    if name == "benchmark":
        measure(IDLE, {option: value for option, value in context.params.items() if value})


def test_every_mode_of_the_benchmark_is_documented() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    assert [mode for mode in MODES if mode != RACE and f"benchmark {mode}" not in text] == []


@pytest.fixture
def own_modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The modules that pages name in studies, made of their own code."""
    (family,) = blocks(ROOT / "docs" / "families.md", "python")
    (tmp_path / "mine.py").write_text(family)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    yield
    sys.modules.pop("mine", None)


@pytest.mark.usefixtures("own_modules")
def test_the_study_of_own_members_can_run(tmp_path: Path) -> None:
    raw = yaml.safe_load(blocks(ROOT / "docs" / "families.md", "yaml")[-1])
    checked = check({**raw, "output": str(tmp_path / "run")})
    assert isinstance(checked.study.network, ChainSpec)
    assert checked.study.network.neuron.kind == "mine:Adaptive"


def test_families_are_all_named() -> None:
    page = (ROOT / "docs" / "families.md").read_text()
    rows = re.findall(
        r"^\| `(?:[a-z_.]+)`.*?\| `(spikeatlas[\w.]+)` \| ([^|]*) \|", page, re.MULTILINE
    )
    assert len(rows) == 15
    for path, members in rows:
        module, _, name = path.rpartition(".")
        contract = getattr(importlib.import_module(module), name)
        family = getattr(contract, "family", None)
        if family is not None and "](" not in members:
            assert re.findall(r"`([\w-]+)`", members) == list(family.members)


PATH = re.compile(rf"(?:{'|'.join(ROOMS)})/[\w./*<>-]*")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_paths_exist(page: Path) -> None:
    for text in re.findall(r"`([^`\n]+)`", page.read_text()):
        for word in PATH.findall(text) if text.split("/")[0] in ROOMS else ():
            path = word.rstrip(".")
            pattern = re.sub(r"<\w+>", "*", path).rstrip("/")
            assert list(ROOT.glob(pattern)) or (ROOT / f"{path}.py").exists(), (
                f"{page.name}: {text}"
            )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_imports_of_ours_exist(page: Path) -> None:
    text = page.read_text()
    assert (
        re.findall(r"^\s*(?:from|import) (?:flows|tasks|snn|optim)\b.*", text, re.MULTILINE) == []
    )
    for module, names in re.findall(
        r"^\s*from (spikeatlas[\w.]*) import ([\w, ]+)", text, re.MULTILINE
    ):
        for name in names.split(","):
            assert hasattr(importlib.import_module(module), name.strip()), f"{module}.{name}"
    for path in set(re.findall(r"spikeatlas\.(?:flows|tasks|snn|optim)[\w.]*", text)):
        module, _, name = path.rstrip(".").rpartition(".")
        assert resolves(path.rstrip(".")) or hasattr(importlib.import_module(module), name), path


def resolves(path: str) -> bool:
    try:
        importlib.import_module(path)
    except ModuleNotFoundError:
        return False
    return True


def anchors(page: Path) -> set[str]:
    """The anchors that a code host gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    plain = [re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings]
    return {text.strip().replace(" ", "-") for text in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text()):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize(
    "study", sorted((ROOT / "deployments" / "studies").rglob("*.yaml")), ids=lambda p: p.stem
)
def test_shipped_studies_parse(study: Path) -> None:
    assert parse(read_study(study))[1] == []


def test_folders_of_additions_hold_a_table() -> None:
    text = (ROOT / "docs" / "additions.md").read_text()
    folders = re.findall(r"`([\w/]+)/<name>\.py`", text)
    assert len(folders) == 16
    for folder in folders:
        assert (ROOT / folder / "__init__.py").stat().st_size > 0, folder
