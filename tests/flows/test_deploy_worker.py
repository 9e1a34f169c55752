"""Deployed runs on a worker of their own, as operators have them: triggered, watched, and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.deploy import POOL
from tests.equal import differences
from tests.flows.conftest import ROOT, Cli
from tests.flows.running import begun
from tests.tiny import study_file, tiny

pytestmark = [pytest.mark.server, pytest.mark.slow]

BELOW = "parent_flow_run_id"


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the pool, in a process group of its own, which ends with the block."""
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--limit", "1"]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                kill(process)


def flows_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes that a worker started for flow runs."""
    return psutil.Process(process.pid).children(recursive=True)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker and its flow at once, as the death of their host does."""
    for each in [psutil.Process(process.pid), *flows_of(process)]:
        each.send_signal(signal.SIGKILL)
    process.wait()


def trigger(*parameters: str) -> str:
    """Trigger the deployment as docs/operations.md has it, and return the flow run's id."""
    command = [sys.executable, "-m", "prefect", "deployment", "run", "atlas/atlas", *parameters]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "1000"}
    )
    return done.stdout.split("UUID: ")[1].split()[0]


def wait_for(reached: Callable[[], object], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def states(api: str, run: str) -> dict[str, str]:
    """The states that the page of a flow run shows: its own, its subflows' and of all their tasks."""
    wanted: dict[str, Any] = {"flow_runs": {BELOW: {"any_": [run]}}}
    subflows = httpx.post(f"{api}/flow_runs/filter", json=wanted).json()
    runs = [httpx.get(f"{api}/flow_runs/{run}").json(), *subflows]
    of_runs = {"flow_runs": {"id": {"any_": [each["id"] for each in runs]}}}
    tasks = httpx.post(f"{api}/task_runs/filter", json=of_runs).json()
    return {each["name"]: each["state_name"] for each in [*tasks, *runs]}


def is_closed(api: str, run: str) -> bool:
    """Whether nothing of a run is shown as at work."""
    return set(states(api, run).values()) <= {"Completed", "Crashed"}


def test_the_page_tells_the_truth_of_runs_that_were_killed(
    api: str, cli: Cli, made: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPIKEATLAS_ROOTS", str(tmp_path))
    done = cli("deploy", "--root", ROOT)
    assert done.returncode == 0, done.stderr
    study = study_file(tmp_path, tiny(tmp_path / "run"))

    with worker() as first:
        alone = trigger("--param", f"file={study}")
        wait_for(begun(tmp_path / "run", "atlas.zarr/progress/trained/c/*"))
        for each in flows_of(first):
            each.send_signal(signal.SIGKILL)
        # the worker is alive and closes it, and its hook what is below
        wait_for(lambda: is_closed(api, alone))
        together = trigger("--param", f"file={study}")
        wait_for(begun(tmp_path / "run"))
        kill(first)
    with worker():
        last = trigger("--params", f'{{"file": "{study}"}}')
        wait_for(lambda: states(api, together)[f"atlas {study}"] == "Crashed", seconds=90)
        wait_for(lambda: states(api, last).get(f"atlas {study}") == "Completed")

    for run in (alone, together):
        assert is_closed(api, run)
        assert "Crashed" in {each for name, each in states(api, run).items() if "atlas" not in name}
    assert set(states(api, last).values()) == {"Completed"}
    assert differences(made.run.atlas, tmp_path / "run" / "atlas.zarr") == []
    of_run = {"logs": {"flow_run_id": {"any_": [last]}}, "limit": 200}
    lines = httpx.post(f"{api}/logs/filter", json=of_run).json()
    assert any(
        line["name"] == "spikeatlas" and line["message"].startswith("atlas: ") for line in lines
    )
