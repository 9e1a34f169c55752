"""The names that our subpackages had: they work for one version, and a user's own modules of these names come first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import study_file, tiny

PACKAGE = Path(__file__).parents[1] / ".package"

FORMER = """
import spikeatlas
from snn.generators import Adapter
from snn.registry import load_object
import optim.methods.ga
import spikeatlas.optim.methods.ga, spikeatlas.snn.generators
assert Adapter is spikeatlas.snn.generators.Adapter
assert load_object("snn.generators.base:Generator") is spikeatlas.snn.generators.Generator
assert optim.methods.ga.GeneticSearch is spikeatlas.optim.methods.ga.GeneticSearch
"""

OWN = """
import spikeatlas, snn, optim
assert snn.mine and optim.mine
try:
    import snn.registry
except ImportError:
    print("no module of ours below the user's own")
"""


def python(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python as in a project of the user's, whose folder is on the path."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**env, "PYTHONPATH": f"{PACKAGE}{os.pathsep}{folder}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder full of modules that are called as our folders are."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").write_text("raise RuntimeError('flows of the user')\n")
    (tmp_path / "tasks.py").write_text("raise RuntimeError('tasks of the user')\n")
    for name in ("snn", "optim"):
        (tmp_path / f"{name}.py").write_text("mine = True\n")
    return tmp_path


def test_a_former_name_gives_the_same_objects_and_says_the_new_name(tmp_path: Path) -> None:
    done = python(tmp_path, "-W", "always::FutureWarning", "-c", FORMER)

    assert done.returncode == 0, done.stderr
    assert "snn.generators is now spikeatlas.snn.generators: write that instead" in done.stderr


def test_a_module_of_the_users_own_comes_first(project: Path) -> None:
    done = python(project, "-W", "error", "-c", OWN)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "no module of ours below the user's own\n"


@pytest.mark.server
@pytest.mark.parametrize("kind", ["processes", pytest.param("dask", marks=pytest.mark.slow)])
def test_a_study_runs_in_a_folder_full_of_such_names(project: Path, kind: str) -> None:
    raw = tiny(
        project / "run",
        probe={"epochs": [0], "layers": ["fc1"]},
        training={"epochs": 0},
        search={"methods": ["random"], "repeats": 1, "prior": "uniform"},
        runner={"kind": kind, "workers": 1},
    )
    study = study_file(project, raw)

    done = python(project, "-m", "spikeatlas.flows.cli", "run", study)

    assert done.returncode == 0, done.stderr
    assert (project / "run" / "report" / "index.html").exists()
