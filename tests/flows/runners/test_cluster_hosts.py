"""Two hosts, each a network namespace with its own address: one is cut off in the middle, and the run completes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from tests.equal import differences
from tests.flows.conftest import ROOT
from tests.flows.running import begun
from tests.tiny import study_file, tiny

pytestmark = [pytest.mark.server, pytest.mark.slow]

HOSTS = {"sa-one": "10.77.0.1", "sa-two": "10.77.0.2"}
SCHEDULER, API = "tcp://10.77.0.1:8786", "http://10.77.0.1:4200/api"


def ip(*words: str) -> bool:
    return not subprocess.run(["ip", *words], capture_output=True, check=False).returncode


@pytest.fixture
def hosts() -> Iterator[None]:
    """Two namespaces, joined by a cable."""
    one, two = HOSTS
    if os.geteuid() or not ip("netns", "add", one):
        pytest.skip("only root may make network namespaces (ip netns)")
    try:
        assert ip("netns", "add", two)
        assert ip(
            "link", "add", "cable", "netns", one, "type", "veth", "peer", "cable", "netns", two
        )
        for name, address in HOSTS.items():
            assert ip("-n", name, "addr", "add", f"{address}/24", "dev", "cable")
            assert ip("-n", name, "link", "set", "cable", "up")
            assert ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        for name in HOSTS:
            ip("netns", "del", name)


@contextmanager
def on(host: str, folder: Path, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A program on a host, ended with the block; what it says is in a file of its name."""
    environment = {
        **os.environ, "PREFECT_API_URL": API, "PREFECT_HOME": str(folder / "prefect"), "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "20s",
    }  # fmt: skip
    name = f"{host}-{'-'.join(command[:2])}".replace("/", "_")
    with (folder / name).open("w") as said, subprocess.Popen(
        ["ip", "netns", "exec", host, sys.executable, "-m", *command],
        cwd=ROOT, env=environment, stdout=said, stderr=said, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()


def wait_for(reached: Callable[[], object], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers(host: str, url: str) -> bool:
    """Whether a URL answers on a host."""
    code = f"import httpx; httpx.get({url!r}, timeout=2).raise_for_status()"
    command = ["ip", "netns", "exec", host, sys.executable, "-c", code]
    return not subprocess.run(command, capture_output=True, check=False).returncode


def test_a_host_that_is_cut_off_is_done_without(hosts: None, made: Checked, tmp_path: Path) -> None:
    one, two = HOSTS
    run = tmp_path / "run"
    raw = tiny(run, runner={"kind": "dask", "address": SCHEDULER}, search={"neurons_per_task": 1})
    study = study_file(tmp_path, raw)
    with ExitStack() as started:

        def start(host: str, *command: str) -> subprocess.Popen[str]:
            return started.enter_context(on(host, tmp_path, *command))

        start(one, "prefect", "server", "start", "--host", "10.77.0.1", "--port", "4200")
        start(one, "distributed.cli.dask_scheduler", "--host", "10.77.0.1", "--no-dashboard")
        for host, address in HOSTS.items():
            start(
                host, "distributed.cli.dask_worker", SCHEDULER, "--host", address, "--nthreads", "1",
                "--no-dashboard", "--no-nanny",
            )  # fmt: skip
        wait_for(lambda: answers(two, f"{API}/health"))
        wait_for(lambda: connected(tmp_path, one) and connected(tmp_path, two))
        process = start(one, "spikeatlas.flows.cli", "run", str(study))
        wait_for(lambda: process.poll() is not None or begun(run)())
        assert process.poll() is None
        assert ip("-n", two, "link", "set", "cable", "down")
        code = process.wait(timeout=400)
        assert not answers(two, f"{API}/health")

    said = next(tmp_path.glob("sa-one-spikeatlas.flows.cli-run")).read_text()
    assert code == 0, said
    assert differences(made.run.atlas, run / "atlas.zarr") == []


def connected(folder: Path, host: str) -> bool:
    """Whether the worker of a host has found the scheduler."""
    return (
        "Registered to"
        in (
            folder / f"{host}-distributed.cli.dask_worker-{SCHEDULER}".replace("/", "_")
        ).read_text()
    )
