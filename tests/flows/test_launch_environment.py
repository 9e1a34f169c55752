"""A run in an environment that was made for other things: it needs nothing of it, and nothing in it is in its way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from tests.equal import differences
from tests.flows.conftest import ROOT
from tests.tiny import study_file, tiny

pytestmark = pytest.mark.server

CONSOLE = """
import sys
from spikeatlas.flows.cli import main
if __name__ == "__main__":
    sys.exit(main())
"""

DEAD = "http://127.0.0.1:9"

HOSTILE = {
    # a proxy of the institute's, and one that Prefect's client cannot speak to
    "HTTP_PROXY": DEAD,
    "http_proxy": DEAD,
    "ALL_PROXY": "socks://127.0.0.1:9",
    "NO_PROXY": "lab.example",
    # a server of the user's, with a password and its token; a client of yet another
    "PREFECT_SERVER_API_AUTH_STRING": "admin:pass",
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_SERVER_API_BASE_PATH": "/lab",
    "PREFECT_API_DATABASE_CONNECTION_URL": "postgresql+asyncpg://me@127.0.0.1:9/prefect",
    "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
    "PREFECT_API_AUTH_STRING": "admin:other",
    "PREFECT_API_KEY": "pnu_1",
    "PREFECT_API_SSL_CERT_FILE": "/nowhere.pem",
    "PREFECT_PROFILE": "lab",
    # no home, no folder for files of the moment, the plainest locale
    "HOME": "/nonexistent",
    "TMPDIR": "/nowhere",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
}

NAMES = ("flows", "tasks", "snn", "spikeatlas", "types", "queue", "random", "prefect", "logging")
"""Modules that a user may well have in the working folder."""


def test_it_is_the_same_run(made: Checked, tmp_path: Path) -> None:
    folder, program = tmp_path / "project", tmp_path / "bin" / "spikeatlas"
    for path in (folder, program.parent):
        path.mkdir()
    program.write_text(CONSOLE)
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name} of the user')\n")
    study = study_file(folder, tiny(folder / "run", runner={"kind": "processes", "workers": 1}))
    # an empty part would be the working folder
    paths = [str(ROOT / ".package"), os.environ.get("PYTHONPATH")]
    packages = os.pathsep.join(filter(None, paths))

    done = subprocess.run(
        [sys.executable, program, "run", study],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": packages, "OMP_NUM_THREADS": "1", **HOSTILE},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "of the user" not in done.stderr
    assert differences(made.run.atlas, folder / "run" / "atlas.zarr") == []
    assert "task runs are on record" in done.stderr
    assert "ALL_PROXY=socks://127.0.0.1:9 is left aside" in " ".join(done.stderr.split())
    assert not any(folder.glob("~*"))
