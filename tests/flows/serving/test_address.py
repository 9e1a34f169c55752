from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from spikeatlas.flows.serving import served_url
from spikeatlas.flows.serving.address import VARIABLE, Service, recorded, running

URL = "http://127.0.0.1:8350"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path / "state" / "spikeatlas" / "serving"


def test_a_file_below_a_served_folder_has_an_address(tmp_path: Path) -> None:
    page = tmp_path / "runs" / "a b" / "50%#?.html"
    with recorded(Service(URL, tmp_path / "runs")):
        assert served_url(page) == f"{URL}/a%20b/50%25%23%3F.html"
        assert served_url(tmp_path / "runs") == URL
        assert served_url(tmp_path / "other" / "page.html") is None
        assert served_url(tmp_path / "runs2" / "page.html") is None
    assert served_url(page) is None


def test_the_nearest_folder_wins(tmp_path: Path) -> None:
    with (
        recorded(Service("http://127.0.0.1:1", tmp_path)),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("os.getpid", lambda: 12345)
        with recorded(Service("http://127.0.0.1:2", tmp_path / "a")):
            assert served_url(tmp_path / "a" / "x") == "http://127.0.0.1:2/x"
            assert served_url(tmp_path / "b" / "x") == "http://127.0.0.1:1/b/x"


def test_links_are_followed_and_relative_paths_are_those_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "link").symlink_to("runs")
    monkeypatch.chdir(tmp_path)
    with recorded(Service(URL, tmp_path / "runs")):
        assert served_url(Path("link/a.html")) == f"{URL}/a.html"


HOLD = """
import signal, sys
from pathlib import Path
from spikeatlas.flows.serving.address import Service, recorded
with recorded(Service("http://127.0.0.1:8350", Path(sys.argv[1]))):
    print("ready", flush=True)
    signal.pause()
"""


def test_a_killed_serve_is_forgotten(tmp_path: Path, state: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert served_url(tmp_path / "x.") == f"{URL}/x."
        process.kill()
    assert list(state.glob("*.json"))
    assert served_url(tmp_path / "x") is None
    assert not list(state.glob("*.json"))


def test_records_of_other_machines_and_broken_ones_are_left_alone(
    tmp_path: Path, state: Path
) -> None:
    state.mkdir(parents=True, mode=0o700)
    other = {"url": URL, "folder": str(tmp_path), "host": socket.gethostname() + "-2"}
    (state / "other-1.json").write_text(json.dumps(other))
    (state / "half-2.json").write_text('{"url": ')
    (state / "list-3.json").write_text("[]")
    assert running() == []
    assert len(list(state.iterdir())) == 3


def test_a_folder_that_others_can_write_to_is_not_believed(tmp_path: Path, state: Path) -> None:
    with recorded(Service(URL, tmp_path)):
        state.chmod(0o777)
        assert served_url(tmp_path / "x") is None


def test_without_a_home_the_folder_for_temporary_files_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no").write_text("")
    for name in ("XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "no"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with recorded(Service(URL, tmp_path)):
        assert [path.name for path in (tmp_path / "tmp").iterdir()] == [f"spikeatlas-{os.getuid()}"]
        assert served_url(tmp_path / "x") == f"{URL}/x"


def test_the_environment_names_a_serve_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"https://host/atlases/={tmp_path}")
    assert served_url(tmp_path / "a" / "x") == "https://host/atlases/a/x"
    with recorded(Service(URL, tmp_path.parent)):
        assert served_url(tmp_path / "x") == "https://host/atlases/x"
        assert served_url(tmp_path.parent / "x") == f"{URL}/x"


@pytest.mark.parametrize("text", ["127.0.0.1:8350=/x", "http://a", "http://a=", "ftp://a=/x"])
def test_the_environment_in_another_form_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ValueError, match="write URL=FOLDER"):
        served_url(Path("x"))
