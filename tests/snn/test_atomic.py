from __future__ import annotations

import errno
from pathlib import Path

import pytest

from spikeatlas.snn.atomic import write_atomically, write_picture


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


def test_a_picture_replaces_a_picture_alone(tmp_path: Path) -> None:
    path, data = tmp_path / "a.png", b"\x89PNG new"
    for before in (None, b"", b"\x89PNG old", b"\xff\xd8\xff"):
        if before is not None:
            path.write_bytes(before)
        write_picture(path, data)
        assert path.read_bytes() == data
    (tmp_path / "link.png").symlink_to(path)
    write_picture(tmp_path / "link.png", data + b"er")
    assert (tmp_path / "link.png").is_symlink()
    assert path.read_bytes() == data + b"er"
    write_picture(Path("/dev/null"), data)


def test_a_picture_replaces_nothing_else(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.tex"
    thesis.write_text("mine")
    with pytest.raises(FileExistsError, match=r"thesis\.tex is there, and is no picture"):
        write_picture(thesis, b"\x89PNG")
    with pytest.raises(FileExistsError, match="is a folder"):
        write_picture(tmp_path, b"\x89PNG")
    assert thesis.read_text() == "mine"


def test_an_error_has_the_name_that_a_user_knows(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder") as caught:
        write_atomically(tmp_path / "folder", b"x")
    assert caught.value.filename == str(tmp_path / "folder")
