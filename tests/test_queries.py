"""The questions of docs/queries.md, run as a reader would run them: beside an atlas, without our packages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.checks import Checked

PAGE = Path(__file__).parents[1] / "docs" / "queries.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
ALONE = """
import sys, warnings
class Ours:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("flows", "tasks", "snn", "optim"):
            raise ImportError(f"{name} is ours: the page needs xarray alone")
sys.meta_path.insert(0, Ours())
"""


@pytest.fixture(scope="module")
def told(compared: Checked, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block prints."""
    folder = tmp_path_factory.mktemp("queries")
    shutil.copytree(compared.job.atlas, folder / "atlas.zarr")
    mark = "print('=====')\n"
    script = folder / "page.py"
    script.write_text(ALONE + mark.join(BLOCKS))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("=====\n")


def test_there_are_ten_questions(told: list[str]) -> None:
    assert len(re.findall(r"^## \d+\. .*\?$", PAGE.read_text(), re.MULTILINE)) == 10
    assert len(told) == len(BLOCKS) == 11


def test_each_is_answered(told: list[str]) -> None:
    assert all(answer.strip() for answer in told)
    opened, first, _, methods, needed, _, worn, rise, drift, natural, silent = told
    assert "['conv2', 'fc1']" in opened
    assert "onset_epoch" in first
    assert "random" in methods
    assert "loss_increase" in needed
    assert worn.count("2.0: 1.0") == 2  # its own epoch's network answers an MEI as it did
    assert "accuracy" in rise
    assert drift.count("between two searches") == 2
    assert "unlike real images" in natural
    assert "done" in silent


def test_no_block_imports_ours() -> None:
    assert not any(
        re.search(r"import (flows|tasks|snn|optim)|from (flows|tasks|snn|optim)", b) for b in BLOCKS
    )
