"""The command line as users call it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from prefect.settings import PREFECT_API_URL, temporary_settings

from spikeatlas.flows.atlas import atlas_study_flow
from spikeatlas.tasks.study.study import Study

Cli = Callable[..., "subprocess.CompletedProcess[str]"]
RunStudy = Callable[[Path], None]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def cli() -> Cli:
    """Run ``spikeatlas`` with these words; the server in the environment is used if there is one."""

    def call(*words: str | Path, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "spikeatlas.flows.cli", *map(str, words)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False, cwd=ROOT
        )

    return call


@pytest.fixture
def run_study(api: str) -> Iterator[RunStudy]:
    """Run the flow of a study file in this process: what ``spikeatlas run`` does, without its start."""
    # Prefect read its settings when it was imported
    with temporary_settings({PREFECT_API_URL: api}):
        yield lambda study: atlas_study_flow(
            Study.model_validate(yaml.safe_load(study.read_text()))
        )


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder that studies may use."""
    folder = tmp_path / "studies"
    folder.mkdir()
    monkeypatch.setenv("SPIKEATLAS_ROOTS", str(folder))
    return folder
