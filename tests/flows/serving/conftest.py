from __future__ import annotations

import http.client
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.serving.site import site
from spikeatlas.tasks.atlas import write


@pytest.fixture
def served(made: Checked, tmp_path: Path) -> Path:
    """A folder with a finished atlas and its pages (in "a b"), one of a run that was stopped, and files of others."""
    folder = tmp_path / "served"
    for name in ("a b", "stopped"):
        shutil.copytree(made.study.output, folder / name)
    report = folder / "a b" / "report"
    report.mkdir(exist_ok=True)
    (report / "index.html").write_text("<body>the report</body>")
    (report / "explore.html").write_text("<body>the explorer</body>")
    now = write.now()
    write.note(folder / "a b" / "atlas.zarr", "", {"ended": now, "reported": now})
    (folder / "private.png").write_text("private")
    (folder / "a b" / "weights.pt").write_text("weights")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "page.html").write_text("hidden")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.png").write_text("secret")
    (folder / "a b" / "out").symlink_to(tmp_path / "outside")
    (folder / "a b" / "secret.png").symlink_to(tmp_path / "outside" / "secret.png")
    return folder


def work_on(atlas: Path) -> None:
    """Commit a piece of work, as a run does."""
    mark = next((atlas / "progress").rglob("c/*"))
    moment = time.time() + 1
    os.utime(mark, (moment, moment))


@dataclass
class Reply:
    """What a server answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str


Get = Callable[..., Reply]


@pytest.fixture
def port(served: Path) -> Iterator[int]:
    """The port at which the folder is served, by a thread of this process."""
    server = uvicorn.Server(
        uvicorn.Config(site(served), port=0, log_level="error", lifespan="off", ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture
def get(port: int) -> Get:
    """Ask it, with the address as it is written."""

    def ask(address: str, method: str = "GET", **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.putrequest(method, address, skip_host="host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        reply = connection.getresponse()
        text = reply.read().decode(errors="replace")
        connection.close()
        return Reply(reply.status, reply.headers, text)

    return ask


@pytest.fixture(autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of the test's own for what serves say of themselves."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("SPIKEATLAS_SERVE", raising=False)
