"""A run of the command line that a test watches, disturbs and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flows.conftest import ROOT


@contextmanager
def running(study: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """``spikeatlas run`` in a process group of its own, which ends with the block.

    A PYTHONPATH of the test's comes before the one there is.
    """
    paths = (environment.get("PYTHONPATH"), os.environ.get("PYTHONPATH"))
    path = {"PYTHONPATH": os.pathsep.join(filter(None, paths))} if any(paths) else {}
    with subprocess.Popen(
        [sys.executable, "-m", "spikeatlas.flows.cli", "run", str(study)],
        cwd=ROOT,
        env={**os.environ, **environment, **path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def wait_until(reached: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait while the run goes on; a run that ends before that is a failed test."""
    while not reached():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)


def begun(run: Path, pattern: str = "atlas.zarr/layers/*/status/c/*/*") -> Callable[[], bool]:
    """Whether a run has written a file, by default the mark of a block."""
    return lambda: any(run.glob(pattern))


def ended(process: subprocess.Popen[str], timeout: float = 120) -> tuple[int, str]:
    """Its exit code and what it said."""
    _, said = process.communicate(timeout=timeout)
    assert "Traceback" not in said, said
    return process.returncode, said
