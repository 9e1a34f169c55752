"""Factories of functions: what they return, and how they fail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from spikeatlas.snn.subjects.functions import make_function

THREE = 3


def cell(checkpoint: Path | None = None) -> Any:
    return lambda images: {"v1": (images, checkpoint)}


def leaving() -> Any:
    sys.exit("no amplifier")


def interrupted() -> Any:
    raise KeyboardInterrupt


def nothing() -> Any:
    return None


def test_the_function_is_the_factory_s() -> None:
    function = make_function(f"{__name__}:cell", {}, Path("a.txt"))

    assert function(3) == {"v1": (3, Path("a.txt"))}


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("leaving", {}, r"fails with exit\('no amplifier'\), which would end the program"),
        ("nothing", {}, "returns None; it must return a function of images"),
        ("cell", {"gain": 2}, "fails with TypeError: .* unexpected keyword argument 'gain'"),
        ("nowhere", {}, "has no nowhere"),
        ("THREE", {}, "is an int; it must be a function"),
    ],
)
def test_factories_that_fail_are_told_with_their_field(
    name: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=rf"network.factory: .*{sentence}"):
        make_function(f"{__name__}:{name}", options, None)


def test_an_interrupt_is_no_mistake() -> None:
    with pytest.raises(KeyboardInterrupt):
        make_function(f"{__name__}:interrupted", {}, None)


def test_a_file_that_exits_when_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "leaves_at_once.py").write_text("import sys\nsys.exit(0)\n")

    with pytest.raises(ValueError, match=r"its module fails with exit\(0\), which would end"):
        make_function("leaves_at_once:make", {}, None)
