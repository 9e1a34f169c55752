"""Every fenced block of every page is run, or at least checked, or says here why not.

Python runs in the order of its page, beside a tiny atlas; studies go through the check that ``spikeatlas validate`` makes;
commands run where what they name is there, and are parsed by the program that takes them where it is not.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
import yaml

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.study_file import parse, read_study
from spikeatlas.tasks.atlas import consolidate
from spikeatlas.tasks.study.study import Study
from tests.conftest import Ask
from tests.pages import PAGES, ROOT, Block, Command, blocks_of, commands, name_of
from tests.tiny import atlas_folder, study_file, tiny

BLOCKS = [block for page in PAGES for block in blocks_of(page)]
LANGUAGES = {"python", "yaml", "sh", "json", "text"}

RUN_ELSEWHERE = {
    "docs/networks.md": "tests/test_networks.py does all that the page shows, and replays an atlas of each study",
    "docs/queries.md": "tests/test_queries.py runs it without our packages, and reads the answers",
}
"""Pages that have tests of their own."""

NOT_RUN = {
    "docs/operations.md: import xarray as xr": "needs a bucket; tests/flows/test_atlas_remote.py (slow) reads one",
}
"""Python that no test runs, by its place."""

NOT_CHECKED = {
    "README.md: network:": "the first study of docs/networks.md",
    "docs/rules.md: training: {method: convex-threshold}": "tests/test_convex_study.py has the network",
    "docs/operations.md: network: {checkpoints: runs/training/checkpoints}": "tests/flows/test_watch.py has the folder",
    'docs/operations.md: runner: {kind: dask, address: "tcp://10.0.0.1:8786"}': "tests/flows/runners has the cluster",
    "docs/operations.md: atlas: s3://bucket/mine.zarr": "tests/flows/test_atlas_remote.py has the bucket",
}
"""Studies that are only parsed, by their place."""

PARSED = {
    "spikeatlas serve": "serves until Ctrl-C; tests/flows/serving asks it",
    "spikeatlas run study.yaml --set seed=": "`run study.yaml` runs, once",
    "spikeatlas run study.yaml --set training.labels=": "likewise",
    "spikeatlas claims runs/mine-": "`claims atlas.zarr` runs",
    "spikeatlas info runs/mine-": "`info atlas.zarr --verify` runs",
    "spikeatlas info runs/rules/": "likewise",
    "spikeatlas life runs/rules/": "tests/tasks/stages/test_judge_life.py counts and cuts",
    "spikeatlas deploy": "tests/flows/test_deploy.py registers on a server",
    "spikeatlas benchmark": "takes hours; tests/flows/benchmark has the small ones",
    "spikeatlas robustness": "tests/flows/commands has each option",
    "spikeatlas claims runs/fashion/atlas.zarr": "of studies that take hours; `claims atlas.zarr` runs",
}
"""Commands of ours that tests/test_docs.py parses, and nothing here runs."""

UNTRIED = {
    "docker": "there is no Docker here",
    "pip install pre-commit": "pre-commit is no package of the project's",
    "pre-commit": "likewise",
}
"""Commands that nothing checks."""


def test_every_block_says_its_language() -> None:
    assert [block.place for block in BLOCKS if block.language not in LANGUAGES] == []
    for page in PAGES:
        fences = re.findall(r"^\s*(?:```|~~~)", page.read_text(), re.MULTILINE)
        assert len(fences) == 2 * len(blocks_of(page)), name_of(page)


def test_what_is_not_run_is_there() -> None:
    studies = {
        block.place_of(text)
        for block in BLOCKS
        for text in (studies_of(block.text) if block.language == "yaml" else ())
    }

    assert {block.place for block in BLOCKS} >= set(NOT_RUN)
    assert studies >= set(NOT_CHECKED)
    for start in (*PARSED, *UNTRIED):
        assert any(line.startswith(start) for line in IN_SHELL), start
    assert {name_of(page) for page in PAGES} >= set(RUN_ELSEWHERE)


def in_shell(block: Block) -> Iterator[Command]:
    return commands(block.text) if block.language == "sh" else iter(())


@pytest.fixture
def desk(made: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder of a reader: an atlas and a study of the names that the pages use."""
    shutil.copytree(atlas_folder(made), tmp_path / "atlas.zarr")
    consolidate(tmp_path / "atlas.zarr")  # as a run leaves it
    # the demo's, where its folder is named
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "demo").symlink_to(tmp_path)
    shutil.copytree(made.study.output / "checkpoints", tmp_path / "checkpoints")
    shutil.copy(made.run.generator_file, tmp_path)
    fields = {"epochs": [0], "layers": ["fc1"]}
    study_file(
        tmp_path, tiny(Path("runs/mine"), classifier={"width": 2, "epochs": 1}, probe=fields)
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)
    yield tmp_path
    for name in {file.stem for file in tmp_path.glob("*.py")} - modules:
        sys.modules.pop(name, None)


CODE = {block.page for block in BLOCKS if block.language in {"python", "yaml"}}


@pytest.mark.parametrize(
    "name", sorted(name for name in map(name_of, CODE) if name not in RUN_ELSEWHERE)
)
@pytest.mark.usefixtures("desk")
def test_python_runs_and_studies_pass_the_check(name: str) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks_of(ROOT / name):
        if block.language == "python" and block.place not in NOT_RUN:
            run_python(block, names)
    plt.close("all")
    for block in blocks_of(ROOT / name):
        for text in studies_of(block.text) if block.language == "yaml" else ():
            raw = yaml.safe_load(text)
            if block.place_of(text) in NOT_CHECKED:
                assert parse(raw)[1] == [], text
            else:
                check({"output": "runs/page", **raw})


def run_python(block: Block, names: dict[str, Any]) -> None:
    """Run a block among the names of its page; a file is written, and imported."""
    if block.file is None:
        exec(compile(block.text, block.place, "exec"), names)  # noqa: S102 - that is what the page is for
        return
    Path(block.file).write_text(block.text)
    names.update(vars(importlib.import_module(Path(block.file).stem)))


def studies_of(text: str) -> list[str]:
    """Return the studies of a block, which may show several values of one section, one below the other."""
    lines: list[str] = re.findall(r"^\w+:.*(?:\n[ #].*)*", text, flags=re.MULTILINE)
    sections = [line.partition(":")[0] for line in lines]
    return [text] if len(set(sections)) == len(sections) else lines


def test_json_is_json() -> None:
    for block in BLOCKS:
        if block.language == "json":
            json.loads(block.text)


EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def make_knows(words: list[str]) -> None:
    assert f"\n{words[0]}:" in (ROOT / "Makefile").read_text()


def pip_knows(words: list[str]) -> None:
    """Hold extras against the project's."""
    assert words[0] == "install"
    for extras in re.findall(r"\[(.*)\]", " ".join(words)):
        assert set(extras.split(",")) <= set(EXTRAS)


def prefect_knows(words: list[str]) -> None:
    from prefect.cli import _app

    _app._app.parse_args(words, exit_on_error=False, print_error=False)


def dask_knows(words: list[str]) -> None:
    from distributed.cli import dask_scheduler, dask_worker

    tool = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}[words[0]]
    tool.make_context(words[0], words[1:])


def python_knows(words: list[str]) -> None:
    """Compile what ``-c`` is given, and look for the modules that it imports."""
    code = words[words.index("-c") + 1]
    compile(code, "-c", "exec")
    for names in re.findall(r"import ([\w., ]+)", code):
        assert all(importlib.util.find_spec(name.strip()) for name in names.split(","))


def curl_knows(words: list[str]) -> None:
    """Read the JSON that is sent; that a server takes it is for tests/flows/test_deploy.py."""
    for option, value in pairwise(words):
        if option == "-d":
            json.loads(value)


PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "make": make_knows,
    "pip": pip_knows,
    "prefect": prefect_knows,
    "dask": dask_knows,
    "python": python_knows,
    "curl": curl_knows,
    "export": lambda _words: None,
}
"""Programs of others, and what says whether they take a command."""

IN_SHELL = {str(command): command for block in BLOCKS for command in in_shell(block)}
OURS = [command for command in IN_SHELL.values() if command.words[0] == "spikeatlas"]


@pytest.mark.parametrize("line", [line for line in IN_SHELL if not line.startswith("spikeatlas")])
def test_other_programs_take_the_command(line: str) -> None:
    program, *words = IN_SHELL[line].words
    if not any(line.startswith(start) for start in UNTRIED):
        PROGRAMS[program](words)


def test_variables_of_the_environment_exist() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "flows").rglob("*.py"))
    code += "\n".join(path.read_text() for path in (ROOT / "snn").glob("*.py"))
    code += (ROOT / "deployments" / "prefect.yaml").read_text()
    for command in IN_SHELL.values():
        for name in command.variables:
            if name.startswith("SPIKEATLAS_"):
                assert name in code, f"{name} of `{command}`"


def shipped(command: Command) -> bool:
    """Whether a command takes a study that ships with us, which is too large for a test."""
    return any(word.startswith("deployments/studies/") for word in command.words)


def runnable(page: Path) -> list[Command]:
    """Return the commands of ours on a page that are run here."""
    lines = [command for block in blocks_of(page) for command in in_shell(block)]
    return [
        command
        for command in lines
        if command.words[0] == "spikeatlas"
        and not any(str(command).startswith(start) for start in PARSED)
        and not shipped(command)
    ]


RUNNABLE = {
    str(command): command
    for page in PAGES
    if name_of(page) not in RUN_ELSEWHERE
    for command in runnable(page)
}
"""What is run, once however many pages show it."""


@pytest.mark.server
def test_commands_run(api: str, ask: Ask, desk: Path) -> None:
    assert len(RUNNABLE) >= 9
    for line, command in RUNNABLE.items():
        program, *words = command.words
        # a run needs a process of its own, installed as a user has it
        done = called(program, *words) if words[0] == "run" else ask(*words)
        assert done.returncode == 0, (line, done.stderr)
    assert (desk / "page" / "index.html").exists()
    assert (desk / "mei.png").exists()


def called(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / program), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", [*filter(shipped, OURS)], ids=str)
def test_shipped_studies_take_the_changes(command: Command) -> None:
    changes = [after for word, after in pairwise(command.words) if word == "--set"]
    raw = read_study(ROOT / command.words[2], changes)

    assert parse(raw)[1] == []
    assert isinstance(Study.model_validate(raw), Study)
