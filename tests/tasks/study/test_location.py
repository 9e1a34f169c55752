"""Atlases at URLs: what is refused, and, in memory, that they are as those in folders."""

from __future__ import annotations

import builtins
import uuid
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import ANALYSED, AtlasError, exists, open_tree, read
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.atlas.ownership import remove
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.stages.conclude import conclude
from spikeatlas.tasks.study.location import Url, bucket, place, try_store
from spikeatlas.tasks.study.study import StudyError
from tests.equal import differences
from tests.tiny import build, tiny


@pytest.fixture
def url() -> str:
    return f"memory://{uuid.uuid4().hex}/tiny.zarr"


def complaints(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(StudyError) as caught:
        check(raw)
    return caught.value.problems


def test_an_atlas_in_memory_equals_one_on_disk(made: Checked, url: str, tmp_path: Path) -> None:
    there = build({**tiny(tmp_path / "run"), "atlas": url})

    assert differences(made.run.atlas, there.run.atlas) == []
    assert not list(tmp_path.rglob("zarr.json"))
    assert verify(there.run).sound
    assert read.flagged(there.run.atlas, ANALYSED, 2)

    before = open_tree(there.run.atlas)["training"].load()
    assert conclude(there.run.atlas)
    assert before.identical(open_tree(there.run.atlas)["training"])

    remove(there.run.atlas)
    assert not exists(there.run.atlas)


def test_half_an_atlas_is_none(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = check({**tiny(tmp_path / "run"), "atlas": url})
    with monkeypatch.context() as patched:
        creating = import_module("spikeatlas.tasks.atlas.create")
        patched.setattr(creating, "set_attributes", interrupt)
        with pytest.raises(KeyboardInterrupt):
            allocate(checked.run, checked.layout, checked.data, checked.source)

    assert not exists(checked.run.atlas)
    allocate(checked.run, checked.layout, checked.data, checked.source)
    assert exists(checked.run.atlas)


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_it_does_not_grow(url: str, tmp_path: Path) -> None:
    raw = {**tiny(tmp_path / "run"), "atlas": url}
    less = check({**raw, "probe": {**raw["probe"], "epochs": [0]}})
    allocate(less.run, less.layout, less.data, less.source)
    more = check(raw)

    with pytest.raises(AtlasError, match=r"epoch 2 has no place .* cannot grow: choose another"):
        allocate(more.run, more.layout, more.data, more.source)


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_memory_is_of_one_process(url: str, tmp_path: Path, kind: str) -> None:
    raw = {**tiny(tmp_path / "run", runner={"kind": kind}), "atlas": url}

    (problem,) = complaints(raw)

    assert problem.startswith(f"runner.kind: {kind} cannot write to {url}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http://host/a.zarr", "allowed: s3://, gs://, az://, memory://"),
        ("s3://key:word@bucket/a.zarr", "must not carry credentials"),
        ("s3://bucket/a.zarr?AWS_SECRET_ACCESS_KEY=word", "must not carry credentials"),
        ("s3://bucket", "names no object"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, told: str) -> None:
    (problem,) = complaints({**tiny(tmp_path / "run"), "atlas": text})

    assert problem.startswith("atlas: ")
    assert told in problem
    assert "word" not in problem


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("obstore"):
            raise ImportError
        return whole(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match="pip install 'spikeatlas\\[remote\\]'"):
        bucket("s3://somewhere/else")


def test_a_store_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikeatlas.tasks.study.location.RETRIES", 0)
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "word",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    with pytest.raises(ValueError, match=r"cannot be written .* check the bucket") as caught:
        try_store(Url(f"s3://{uuid.uuid4().hex}/a.zarr"))
    assert "word" not in str(caught.value)


def test_a_place_is_a_folder_or_a_url() -> None:
    assert place("runs/atlas.zarr") == Path("runs/atlas.zarr")
    at = place("s3://bucket/some/a.zarr")
    assert isinstance(at, Url)
    assert (at.name, str(at.parent), at.parent.name) == ("a.zarr", "s3://bucket/some", "some")
    assert str(at.with_name("b")) == "s3://bucket/some/b"
