"""Runs whose atlas is in a bucket, on a local S3 server: as in a folder, also when they are killed."""

from __future__ import annotations

import os
import signal
import uuid
from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import exists, open_tree, read, settled
from spikeatlas.tasks.study.location import Url
from tests.equal import differences
from tests.flows.conftest import Cli
from tests.flows.running import ended, running, wait_until
from tests.tiny import study_file, tiny

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def url(bucket: str) -> str:
    return f"{bucket}/{uuid.uuid4().hex}/tiny.zarr"


def remote(folder: Path, url: str, **sections: Any) -> Path:
    """A study whose atlas is at ``url``."""
    folder.mkdir(exist_ok=True)
    return study_file(folder, {**tiny(folder / "run", **sections), "atlas": url})


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_an_atlas_in_a_bucket_equals_one_on_disk(
    api: str, cli: Cli, made: Checked, url: str, tmp_path: Path, kind: str
) -> None:
    done = cli("run", remote(tmp_path, url, runner={"kind": kind}))

    assert done.returncode == 0, done.stderr
    assert differences(made.run.atlas, Url(url)) == []
    assert not list(tmp_path.rglob("zarr.json"))

    verified = cli("info", "--verify", url)
    assert verified.returncode == 0, verified.stderr
    assert "no mismatch" in verified.stdout
    asked = cli("query", url, "--layer", "fc1")
    assert asked.stdout == cli("query", made.run.atlas, "--layer", "fc1").stdout


def searched(url: str) -> bool:
    """Whether a search has ended."""
    if not exists(Url(url)):
        return False
    return bool(settled(open_tree(Url(url))["layers/fc1"].status).any())


def test_killed_and_resumed_equals_uninterrupted(
    api: str, cli: Cli, made: Checked, url: str, tmp_path: Path
) -> None:
    study = remote(tmp_path, url)
    with running(study) as process:
        wait_until(lambda: searched(url), process)
        os.killpg(process.pid, signal.SIGKILL)
    assert read.unfinished(Url(url), made.run.blocks(2))

    done = cli("run", study)

    assert done.returncode == 0, done.stderr
    assert differences(made.run.atlas, Url(url)) == []


def test_a_second_run_on_one_url_is_refused(
    api: str, cli: Cli, made: Checked, url: str, tmp_path: Path
) -> None:
    with running(remote(tmp_path / "one", url)) as process:
        wait_until(lambda: exists(Url(url)), process)
        second = cli("run", remote(tmp_path / "two", url))
        code, said = ended(process)

    assert second.returncode == 2
    assert f"another run is writing to {url}" in second.stderr
    assert code == 0, said
    assert differences(made.run.atlas, Url(url)) == []
