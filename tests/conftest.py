"""What every test shares: one torch thread, no telemetry, its marks, and tiny atlases and servers started once.

The program is imported by what needs it: the process that hands the tests out to others starts without.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# not the settings and the database of whoever runs the tests, who may have no home
os.environ.setdefault("PREFECT_HOME", f"{tempfile.gettempdir()}/spikeatlas-tests-{os.getuid()}")
os.environ.update(
    {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # before numpy and torch are imported: the suite itself has a process for each core
        "OMP_NUM_THREADS": "1",
    }
)

from tests.bucket import serving_bucket
from tests.marks import marks
from tests.sharing import folder_of_session, together

if TYPE_CHECKING:
    from spikeatlas.flows.checks.study_checks import Checked

Ask = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark each test by what it touches, once all are imported, and let torch have one thread."""
    import torch

    torch.set_num_threads(1)
    for item in items:
        for mark in sorted(marks(item)):
            item.add_marker(mark)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what all processes of this session share: each name in it is of one fixture."""
    return folder_of_session(tmp_path_factory)


@pytest.fixture(scope="session")
def made(shared: Path) -> Checked:
    """The finished tiny study: read only."""
    from tests.tiny import built, tiny

    return built(shared / "made", tiny)


@pytest.fixture(scope="session")
def compared(shared: Path) -> Checked:
    """A finished study that repeats and silences at some epochs, with a classifier: read only."""
    from tests.tiny import built, comparing

    return built(shared / "compared", comparing)


@pytest.fixture
def compared_copy(compared: Checked, tmp_path: Path) -> Checked:
    """A copy of it, to damage or to go on with."""
    from spikeatlas.flows.checks.study_checks import check
    from tests.tiny import comparing

    folder = tmp_path / "run"
    shutil.copytree(compared.study.output, folder)
    return check(comparing(folder))


@pytest.fixture
def copied(made: Checked, tmp_path: Path) -> Checked:
    """A copy of the finished tiny study, to damage."""
    from spikeatlas.flows.checks.study_checks import check
    from tests.tiny import tiny

    folder = tmp_path / "run"
    shutil.copytree(made.study.output, folder)
    return check(tiny(folder))


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """The URL of a bucket on a local S3 server."""
    with serving_bucket() as url:
        yield url


@pytest.fixture(scope="session")
def api(shared: Path) -> Iterator[str]:
    """The address of a running server, shared by all flow tests."""
    from spikeatlas.flows.runners.server import serving
    from spikeatlas.flows.runners.server_settings import configure

    before = dict(os.environ)
    # a test waits for a scheduled run
    os.environ["PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS"] = "3"
    configure(shared / "prefect")
    with together(shared / "prefect", serving) as address:
        os.environ["PREFECT_API_URL"] = address
        yield address
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The command line in this process, for what needs no process of its own."""
    from spikeatlas.flows import cli

    def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["spikeatlas", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main()
        return subprocess.CompletedProcess(words, end.value.code, *capsys.readouterr())  # type: ignore[arg-type]

    return call
