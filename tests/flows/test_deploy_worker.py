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


def wait_for(reached: Callable[[], object], seconds: float, pause: float = 1) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(pause)


class Page:
    """What Prefect's page shows, by the API that it asks."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def filter(self, kind: str, **wanted: Any) -> list[dict[str, Any]]:
        reply: list[dict[str, Any]] = self.client.post(f"/{kind}/filter", json=wanted).json()
        return reply

    def state(self, run: str) -> str:
        return str(self.client.get(f"/flow_runs/{run}").json()["state_name"])

    def below(self, run: str) -> list[str]:
        """The states of the subflows of a run, and of all their tasks and its own."""
        subflows = self.filter("flow_runs", flow_runs={BELOW: {"any_": [run]}})
        runs = [run, *(each["id"] for each in subflows)]
        tasks = self.filter("task_runs", flow_runs={"id": {"any_": runs}})
        return [each["state_name"] for each in [*subflows, *tasks]]

    def is_closed(self, run: str) -> bool:
        """Whether a run is shown as crashed, and nothing below it as at work."""
        return self.state(run) == "Crashed" and {*self.below(run)} == {"Completed", "Crashed"}


def killed(page: Page, folder: Path, study: Path, end: Callable[[], None]) -> str:
    """Trigger a study, and end it as soon as a first block is searched and others are at work."""
    run = trigger("--param", f"file={study}")
    wait_for(begun(folder), seconds=180, pause=0.01)
    end()
    assert "Running" in page.below(run)
    return run


def test_the_page_tells_the_truth_of_runs_that_were_killed(
    api: str, cli: Cli, made: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPIKEATLAS_ROOTS", str(tmp_path))
    done = cli("deploy", "--root", ROOT)
    assert done.returncode == 0, done.stderr
    other = tmp_path / "other"
    other.mkdir()
    study = study_file(tmp_path, tiny(tmp_path / "run"))

    with httpx.Client(base_url=api, timeout=60) as client:
        page = Page(client)
        with worker() as first:

            def kill_flow() -> None:
                for each in flows_of(first):
                    each.send_signal(signal.SIGKILL)

            alone = killed(page, other, study_file(other, tiny(other)), kill_flow)
            # the worker is alive and closes it, and its hook what is below
            wait_for(lambda: page.is_closed(alone), seconds=120)
            together = killed(page, tmp_path / "run", study, lambda: kill(first))
        with worker():
            last = trigger("--params", f'{{"file": "{study}"}}')
            wait_for(lambda: page.is_closed(together), seconds=90)
            wait_for(lambda: page.state(last) == "Completed", seconds=180)

        assert {*page.below(last)} == {"Completed"}
        assert differences(made.run.atlas, tmp_path / "run" / "atlas.zarr") == []
        lines = page.filter("logs", logs={"flow_run_id": {"any_": [last]}})
        assert any(
            line["name"] == "spikeatlas" and line["message"].startswith("atlas: ") for line in lines
        )


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_a_run_outlives_its_worker(
    api: str, cli: Cli, made: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("SPIKEATLAS_ROOTS", str(tmp_path))
    done = cli("deploy", "--root", ROOT)
    assert done.returncode == 0, done.stderr
    runner = {"kind": kind, "workers": 2}
    study = study_file(tmp_path, tiny(tmp_path / "run", runner=runner))

    with httpx.Client(base_url=api, timeout=60) as client, worker() as first:
        page = Page(client)
        run = trigger("--param", f"file={study}")
        wait_for(begun(tmp_path / "run"), seconds=180, pause=0.01)
        first.kill()  # and so nobody reads what the run writes
        first.wait()
        wait_for(lambda: page.state(run) == "Completed", seconds=180)
        assert {*page.below(run)} == {"Completed"}
    assert differences(made.run.atlas, tmp_path / "run" / "atlas.zarr") == []
