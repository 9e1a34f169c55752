from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from spikeatlas.flows.serving import served_url
from spikeatlas.flows.serving.serve import bound, require_folder, terminable


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_one_line_says_the_address_and_an_interrupt_is_its_end(served: Path) -> None:
    command = [sys.executable, "-m", "spikeatlas.flows.cli", "serve", str(served), "--port", "0"]
    with running(command) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.split()[3]
        assert line == f"serving {served} at {url} (Ctrl-C ends it)\n"
        page = served / "a b" / "report" / "index.html"
        assert served_url(page) == f"{url}a%20b/report/index.html"
        assert httpx.get(f"{url}a%20b/report/index.html", trust_env=False).text == page.read_text()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "", "")
    assert served_url(page) is None


def test_a_termination_is_an_interrupt() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), terminable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_port_that_is_taken_is_refused_or_another_is_had() -> None:
    with bound(0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(ValueError, match=f"--port {port} is taken"), bound(port):
            pass
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("spikeatlas.flows.serving.serve.PORT", port)
            with bound(None) as second:
                assert second.getsockname()[0] == "127.0.0.1"
                assert second.getsockname()[1] != port


@pytest.mark.parametrize("port", [70000, -1])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="is no port"), bound(port):
        pass


def test_only_a_folder_above_atlases_can_be_served(served: Path) -> None:
    assert require_folder(served / "a b" / ".." / "stopped") == served / "stopped"
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        require_folder(served / "nothing")
    with pytest.raises(ValueError, match="is a file"):
        require_folder(served / "private.png")
    with pytest.raises(ValueError, match="give the folder that it lies in"):
        require_folder(served / "stopped" / "atlas.zarr")
