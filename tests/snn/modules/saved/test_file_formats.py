"""Formats told by contents: nothing is executed, whatever a file holds."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spikeatlas.snn.modules.saved.file_formats import format_of


class Unsafe:
    """Executes code when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return Path.touch, (Path("executed"),)  # type: ignore[return-value]


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_told_and_not_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.pkl").write_bytes(pickle.dumps(Unsafe(), protocol))

    assert format_of(Path("a.pkl")).words.startswith("a plain pickle")
    assert not Path("executed").exists()


@pytest.mark.parametrize("text", ["model: 3\n", "a,b\n1,2\n", "-- \u00fc --", "{}"])
def test_text_is_told_by_its_beginning(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_text(text)

    kind, words = format_of(tmp_path / "a")

    assert kind == "other"
    assert words.startswith(f"text, which begins with {text.splitlines()[0]!r}")


def test_long_text_may_end_within_a_letter(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x" + "\u00fc" * 4000)

    assert format_of(tmp_path / "a").words.startswith("text")
