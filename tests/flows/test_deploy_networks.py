"""Networks that a user brings, triggered on a server and run by a worker, on a host that allows their code or does not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from spikeatlas.flows.runners.server import serving
from spikeatlas.tasks.atlas import finished
from tests.flows.conftest import ROOT, Cli
from tests.flows.test_flows_networks import study, written

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server of this test's own, whose deployments nobody else registers anew."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with serving(tmp_path / "server") as address:
        yield address


def prefect(*words: str) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", *words]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("allowed", [True, False])
def test_a_worker_runs_the_code_that_its_host_allows(
    own_server: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    code, roots = tmp_path / "code", tmp_path / "studies"
    for folder in (code, roots):
        folder.mkdir()
    written(code)
    raw = study("module", code, roots / "run")
    raw["network"]["checkpoints"] = str(roots / "net_{epoch}.pth")
    for epoch in (0, 1):
        (code / f"net_{epoch}.pth").rename(roots / f"net_{epoch}.pth")
    monkeypatch.setenv("SPIKEATLAS_ROOTS", str(roots))
    if allowed:
        monkeypatch.setenv("SPIKEATLAS_CODE", str(code))

    deployed = cli("deploy", "--root", ROOT)
    assert deployed.returncode == 0, deployed.stderr
    prefect("deployment", "run", "atlas/atlas", "--param", f"study={json.dumps(raw)}")
    prefect("worker", "start", "--pool", "spikeatlas", "--run-once")

    runs = httpx.post(
        f"{own_server}/flow_runs/filter", json={"flows": {"name": {"any_": ["atlas"]}}}
    )
    (run,) = runs.json()
    if allowed:
        assert run["state_type"] == "COMPLETED", run["state"]
        assert finished(roots / "run" / "atlas.zarr", [0, 1])
    else:
        assert run["state_type"] == "FAILED"
        assert "is code of your own, which this host does not run" in run["state"]["message"]
