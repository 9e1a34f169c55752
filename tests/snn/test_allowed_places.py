from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.snn.allowed_code import ROOTS
from spikeatlas.snn.allowed_places import (
    DASK,
    URLS,
    path_problem,
    require_place,
    scheduler_problem,
    url_problem,
)


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "studies"
    folder.mkdir()
    monkeypatch.setenv(ROOTS, str(folder))
    return folder


def test_without_roots_all_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOTS, raising=False)
    assert path_problem(Path("/etc")) is None
    assert url_problem("s3://bucket/x.zarr") is None
    assert scheduler_problem("tcp://host:8786") is None


def test_links_are_followed(roots: Path) -> None:
    (roots / "link").symlink_to("/etc")
    require_place(roots / "new" / "run")
    with pytest.raises(ValueError, match=rf"link/passwd is outside of {roots}, the only place"):
        require_place(roots / "link" / "passwd")


def test_urls_are_below_those_that_are_named(roots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del roots
    problem = url_problem("s3://lab/a.zarr")
    assert problem is not None
    assert f"{URLS} allows none; choose a folder" in problem
    monkeypatch.setenv(URLS, "s3://lab/atlases gs://other/")
    assert url_problem("s3://lab/atlases/a.zarr") is None
    assert url_problem("gs://other/a.zarr") is None
    for url in (
        "s3://lab/atlases-of-others/a", "s3://lab/atlases/../a", "s3://lab/atlases/%2e%2e/a", "s3://evil/a", "gs://other.evil/a",
    ):  # fmt: skip
        assert url_problem(url), url


def test_schedulers_are_those_that_are_named(roots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del roots
    assert f"{DASK} allows none" in str(scheduler_problem("tcp://host:8786"))
    monkeypatch.setenv(DASK, "tcp://host:8786,tcp://second:8786 tcp://third:1")
    assert [
        scheduler_problem(f"tcp://{name}") for name in ("host:8786", "second:8786", "third:1")
    ] == [None] * 3
    assert "allows tcp://host:8786, tcp://second:8786, tcp://third:1 alone" in str(
        scheduler_problem("tcp://host:87")
    )
