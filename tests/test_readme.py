"""The README's words are true: its blocks run, its study is valid, its targets exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from spikeatlas.flows.checks.study_checks import Checked, check
from tests.conftest import Ask
from tests.tiny import study_file, tiny

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == language]


@pytest.fixture
def folder(made: Checked, tmp_path: Path) -> Path:
    """A working folder with an atlas and a study of the names that the README uses."""
    for name in ("atlas.zarr", "checkpoints"):
        shutil.copytree(made.study.output / name, tmp_path / name)
    shutil.copy(made.run.generator_file, tmp_path)
    study_file(
        tmp_path,
        tiny(
            Path("runs/mine"),
            classifier={"width": 2, "epochs": 1},
            probe={"epochs": [0], "layers": ["fc1"]},
        ),
    )
    return tmp_path


def test_python_blocks_run(folder: Path) -> None:
    for code in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "conv2" in done.stdout


def called(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / program), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.server
def test_commands_run(api: str, ask: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    commands = [
        line for block in blocks("") for line in block.splitlines() if line.startswith("spikeatlas")
    ]
    assert len(commands) == 10
    for command in commands:
        program, *words = command.split()
        # a run needs a process of its own, installed as a user has it
        done = called(program, *words) if words[0] == "run" else ask(*words)
        assert done.returncode == 0, (command, done.stderr)
    assert (folder / "page" / "index.html").exists()
    assert (folder / "mei.png").exists()


def test_the_study_is_valid(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    raw: dict[str, Any] = yaml.safe_load(text)

    assert check({**raw, "output": str(tmp_path)}).run.epochs == (0, 1, 5)


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize(
    "study", sorted((ROOT / "deployments" / "studies").glob("*.yaml")), ids=lambda p: p.stem
)
def test_shipped_studies_parse(study: Path) -> None:
    from spikeatlas.flows.study_file import parse, read_study

    assert parse(read_study(study))[1] == []
