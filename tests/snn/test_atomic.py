from __future__ import annotations

import errno
from pathlib import Path

import pytest

from spikeatlas.snn.atomic import write_atomically


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("spikeatlas.snn.atomic.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_file_may_be_written_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "listed"
    path = folder / "whole.json"
    replaced: list[Path] = []
    replace = Path.replace

    def note(source: Path, target: Path) -> Path:
        replaced.append(source.parent)
        if source.parent != folder and len(replaced) > 1:
            raise OSError(errno.EXDEV, "another disk")
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", note)

    write_atomically(path, b"one", beside=folder)
    write_atomically(path, b"two", beside=folder)

    assert replaced == [tmp_path, tmp_path, folder]
    assert path.read_bytes() == b"two"
    assert list(tmp_path.rglob("*.tmp")) == []
