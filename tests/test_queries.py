"""The questions of docs/queries.md, run as a reader would run them: beside an atlas, without our packages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import consolidate
from tests.tiny import atlas_folder

PAGE = (Path(__file__).parents[1] / "docs" / "queries.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ALONE = """
import sys
class Ours:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("spikeatlas", "flows", "tasks", "snn", "optim"):
            raise ImportError(f"{name} is ours: the page needs xarray alone")
sys.meta_path.insert(0, Ours())
"""


@pytest.fixture(scope="module")
def told(compared: Checked, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block prints, in one process that has nothing but the atlas."""
    folder = tmp_path_factory.mktemp("queries")
    shutil.copytree(atlas_folder(compared), folder / "atlas.zarr")
    consolidate(folder / "atlas.zarr")  # as a run leaves it
    script = folder / "page.py"
    script.write_text(ALONE + "print('=====')\n".join(BLOCKS))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("=====\n")


def numbers(text: str) -> list[float]:
    return [float(word) for word in re.findall(r"\d+\.\d+", text)]


def test_there_are_ten_questions_with_answers() -> None:
    assert re.findall(r"^## (\d+)\. .*\?$", PAGE, re.MULTILINE) == [str(n + 1) for n in range(10)]
    outputs = re.findall(r"```python\n.*?```\n\n```text\n(.+?)```", PAGE, re.DOTALL)
    assert len(outputs) == len(BLOCKS) == 11


def test_xarray_and_numpy_are_all_it_imports() -> None:
    imported = re.findall(r"^\s*(?:import|from) (\w+)", "\n".join(BLOCKS), re.MULTILINE)
    assert sorted(imported) == ["numpy", "xarray"]


def test_each_is_answered(told: list[str], compared: Checked) -> None:
    opened, first, switched, methods, needed, driven, worn, rise, moved, natural, silent = told
    neurons = xr.open_zarr(compared.run.atlas, group="neurons", consolidated=False)
    of_fc1 = neurons.isel(neuron=np.flatnonzero(neurons.layer == "fc1"))
    assert "'neuron': 14} ['conv2', 'fc1']" in opened
    named = [line.split(":")[1].split() for line in first.splitlines()]
    found = sorted(int(neuron) for line in named for neuron in line)
    assert found == of_fc1.neuron_index.values.tolist()
    assert "switch_epoch" in switched
    rows = [numbers(line) for line in methods.splitlines() if "random" in line]
    assert len(rows) == 2
    assert all(row == sorted(row) for row in rows)  # the best so far never falls
    assert needed.splitlines()[0].split() == [
        "layer",
        "neuron_index",
        "loss_increase",
        "selectivity",
    ]
    assert "conv2: rho" in needed
    beaten = int((of_fc1.natural_ratio.isel(epoch=-1) > 1).sum())
    assert f"fc1: {beaten} of 8" in driven
    assert "0.5-1: " in worn
    assert [line.split()[-1] for line in rise.splitlines()[2:]] == [
        f"{accuracy:.3f}" for accuracy in xr.open_zarr(compared.run.atlas, group="progress", consolidated=False).accuracy.values
    ]  # fmt: skip
    for line in moved.splitlines():
        assert re.fullmatch(r"(conv2|fc1) \S+ \[0\.\d+\] 0\.\d+", line)  # repeats are at epoch 1
    assert all(0 <= share <= 1 for share in numbers(natural))
    assert natural.splitlines()[0].split() == ["median", "unlike"]
    assert silent.count("conv2") >= 2


@pytest.mark.parametrize("package", ["spikeatlas", "spikeatlas.tasks", "tasks"])
def test_a_page_that_used_our_packages_would_fail(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{ALONE}import {package}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "is ours" in done.stderr
