"""A real Prefect server of our own, from start to drained end, so that every task run is on record.

Prefect's ephemeral server is dropped at exit with most task runs unrecorded; this one is started with
its UI on loopback, keeps its database in the run's folder, is started again should it be killed, and is stopped
only when all runs that were submitted have been written. If ``PREFECT_API_URL`` is set, that server is used and
never stopped.

As a program, ``python -m spikeatlas.flows.runners.server PORT OWNER`` is the server process: it ends by itself as soon as
its owner is gone, however that happened.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import httpx

from spikeatlas.flows.runners.health import ServerError, asking, require_health
from spikeatlas.flows.runners.server_settings import configure, private, share_password

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

log = logging.getLogger("spikeatlas")

START_TIMEOUT = 180
"""Seconds a server may take to answer; a first start writes the database's tables (20 s measured)."""

DRAIN_TIMEOUT = 120
"""Seconds we wait for the last task runs to reach the server's database."""

UNDONE = ("FAILED", "CRASHED", "CANCELLED")
ENDED = ("COMPLETED", *UNDONE)
"""States of a task run that is over."""


@contextmanager
def serving(home: Path, meanwhile: Callable[[], object] | None = None) -> Iterator[str]:
    """Yield the API's address, of the user's server or of one of our own that lives as long as this block.

    ``meanwhile``: called once the address stands in the environment, while a server of our own is starting.
    """
    configure(home)
    address = os.environ.get("PREFECT_API_URL")
    if address:
        require_health(address)
        if meanwhile is not None:
            meanwhile()
        yield address
        return
    home.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    address = f"http://127.0.0.1:{port}/api"
    with (home / "server.log").open("ab") as output, private(address):
        server = _Server(port, output.fileno())
        try:
            # meanwhile: it takes seconds too, and reads the address
            import prefect.flows  # noqa: F401, PLC0415

            share_password()
            if meanwhile is not None:
                meanwhile()
            _wait_until_healthy(server.process, address, home / "server.log")
            with server.kept():
                yield address
        finally:
            server.stop()


def ui_address(api: str) -> str:
    """Return the address at which a browser shows the server of this API."""
    return api.removesuffix("/api")


class Recorded(NamedTuple):
    """Task runs whose end is on record."""

    ended: int
    failed: int
    """Of these, those that were not completed."""


def drain(api: str, task_runs: Sequence[UUID]) -> Recorded:
    """Wait until the server has recorded the final state of all ``task_runs``; return how many it has.

    Warns when some are still missing after DRAIN_TIMEOUT: the atlas is complete nevertheless.
    """
    deadline = time.monotonic() + DRAIN_TIMEOUT
    with asking(api, timeout=30) as client:
        while (ended := _recorded(client, task_runs, ENDED)) < len(task_runs):
            if time.monotonic() > deadline:
                missing = len(task_runs) - ended
                log.warning(
                    f"the Prefect server lacks the end of {missing} task runs; the atlas does not need them"
                )
                break
            time.sleep(0.25)
        return Recorded(ended, _recorded(client, task_runs, UNDONE))


def _recorded(client: SyncPrefectClient, task_runs: Sequence[UUID], states: Sequence[str]) -> int:
    """Return the number of ``task_runs`` in some states, as the server knows it (200 a request); 0 while it is away."""
    among = {"type": {"any_": list(states)}}
    total = 0
    for start in range(0, len(task_runs), 200):
        ids = {"any_": [str(run) for run in task_runs[start : start + 200]]}
        query = {"task_runs": {"id": ids, "state": among}}
        try:
            reply = client.request("POST", "/task_runs/count", json=query)
        except httpx.HTTPError:
            return 0
        total += int(reply.json())
    return total


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _spawn(port: int, output: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        # the UI asks this address, whatever port the server was told
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
    }
    # -P: a module of the working folder takes the place of none that the server imports
    program = [sys.executable, "-P", "-m", "spikeatlas.flows.runners.server"]
    command = [*program, str(port), str(os.getpid())]
    return subprocess.Popen(  # noqa: S603 - our own module
        command, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
    )


def _wait_until_healthy(server: subprocess.Popen[bytes], api: str, printed: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    with asking(api, timeout=1) as client:
        while client.api_healthcheck() is not None:
            if server.poll() is not None or time.monotonic() > deadline:
                message = f"the Prefect server did not start; what it printed is in {printed}"
                raise ServerError(message)
            time.sleep(0.1)


class _Server:
    """A server of our own at one port, started again when it ends though nobody asked it to."""

    def __init__(self, port: int, output: int) -> None:
        self._start = partial(_spawn, port, output)
        self._kept = threading.Event()
        self.process = self._start()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep it alive while the block runs."""
        self._kept.set()
        keeper = threading.Thread(target=self._keep, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            self._kept.clear()
            keeper.join()

    def _keep(self) -> None:
        while self._kept.is_set():
            if self.process.poll() is not None:
                log.warning("the Prefect server ended by itself and is started again")
                self.process = self._start()
            time.sleep(0.5)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _end_with(owner: int) -> None:
    """Leave no process behind: stop when the owner is gone (SIGKILL gives it no chance to say so)."""
    while os.getppid() == owner:
        time.sleep(0.5)
    os._exit(0)


def main() -> None:
    """Serve Prefect's API and UI on loopback until the owner ends."""
    port, owner = int(sys.argv[1]), int(sys.argv[2])
    threading.Thread(target=_end_with, args=(owner,), daemon=True).start()
    import uvicorn  # noqa: PLC0415 - Prefect reads its settings at import
    from prefect.server.api.server import create_app  # noqa: PLC0415

    uvicorn.run(create_app(final=True), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
