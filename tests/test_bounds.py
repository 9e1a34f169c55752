from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import bounds
from tests.bounds import Bound, Overlay, judge, requirements, shortened


def test_every_upper_bound_is_found() -> None:
    text = ["a>=1,<2", "b[x]>=3", "c<=4.1", "d==5", "e>=2025.4", "f ~= 1.2"]
    assert [(bound.package, bound.limit) for bound in bounds.bounds(text)] == [
        ("a", "2"),
        ("c", "4.1"),
        ("d", "5"),
        ("f", "1.2"),
    ]
    assert [bound.lifted for bound in bounds.bounds(["a>=1,<2"])] == ["a>=2"]
    assert {bound.package for bound in bounds.bounds(requirements())} >= {"prefect", "fastapi"}


def test_an_overlay_has_its_own_packages_before_ours(tmp_path: Path) -> None:
    overlay = Overlay(tmp_path / "venv")
    site = next((tmp_path / "venv").glob("lib/python*/site-packages"))
    (site / "numpy.py").write_text("raise SystemExit('the overlay')")
    assert overlay.run(["-c", "import spikeatlas, yaml"], tmp_path) == ""
    assert overlay.run(["-c", "import numpy"], tmp_path) == "the overlay"


@pytest.mark.parametrize(
    ("install", "failure", "words"),
    [
        ("ERROR: no", "", "nothing to lift"),
        ("", "it broke", "NEEDED: with a 2.1, importing all modules fails (it broke)"),
        ("", "", "NO LONGER NEEDED: a 2.1"),
    ],
)
def test_a_bound_is_judged(
    install: str, failure: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Overlay, "__init__", lambda *_: None)
    monkeypatch.setattr(Overlay, "install", lambda *_: install)
    monkeypatch.setattr(Overlay, "version", lambda *_: "2.1")
    monkeypatch.setattr(Overlay, "run", lambda *_: failure)
    assert judge(Bound("a>=1,<2", "a", "2"), [], tmp_path).startswith(words)


def test_what_pip_could_not_change_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "ERROR: pip's dependency resolver ...\nprefect 3.8 requires a<2, but you have a 2.1\n"
    said += "spikeatlas 0.1 requires b<2, but you have b 2.1\n"
    done = subprocess.CompletedProcess([], 0, "", said)
    overlay = Overlay(tmp_path / "venv")
    monkeypatch.setattr(Overlay, "_call", lambda *_: done)
    assert overlay.install(["a>=2"]) == "prefect 3.8 requires a<2, but you have a 2.1"


def test_of_all_versions_the_newest_is_told() -> None:
    said = "WARNING: x\nERROR: Could not find a>=3 (from versions: 1, 2.0, 2.1)\nERROR: y\n"
    assert shortened(said) == "Could not find a>=3; the newest is 2.1"
