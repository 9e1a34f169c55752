from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.snn.allowed_code import ROOTS
from spikeatlas.snn.allowed_places import (
    DASK,
    URLS,
    expand,
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


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("~", "{home}"),
        ("~/runs/a", "{home}/runs/a"),
        ("./~/a", "{here}/~/a"),
        ("././~x", "{here}/~x"),
        ("a/~/b", "a/~/b"),
        ("/~/a", "/~/a"),
        ("runs/a/", "runs/a"),
        ("a b/c", "a b/c"),
        ("cash$/a", "cash$/a"),
        ("US$cats", "US$cats"),
        ("../x", "../x"),
    ],
)
def test_a_path_is_read_by_one_rule(
    text: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    here = expand(text)
    assert str(here) == path.format(home=tmp_path / "home", here=tmp_path)
    # whoever else expands it, once more or in another library, reads the same
    assert expand(here) == here == here.expanduser()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("$HOME/a", r"only a shell puts in the value of \$HOME"),
        ("a/${NAME}-b", r"only a shell puts in the value of \$\{NAME\}"),
        ("~nobody-of-that-name/a", "no home folder ~nobody-of-that-name"),
        ("s3://bucket/a", "is a URL"),
        ("", "the path is empty"),
        ("  ", "the path is empty"),
        ("a\0b", "NUL"),
    ],
)
def test_what_is_no_path_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        expand(text)


def test_an_empty_home_is_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    with pytest.raises(ValueError, match="HOME is empty"):
        expand("~/runs")


def test_roots_are_expanded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(ROOTS, "~/studies")
    require_place(tmp_path / "studies" / "run")
    assert path_problem(tmp_path / "other")
