"""Code on a confined host: what its operator allows, and nothing else."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from spikeatlas.snn.allowed_code import CODE, ROOTS, NotAllowedError
from spikeatlas.snn.modules import make_module
from spikeatlas.snn.own_code import load_object

MODELS = """
import os
import os as system
from os import getcwd

def make():
    return os

class Method:
    pass

method = Method()
"""


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder whose code the host runs."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "models_of_host.py").write_text(MODELS)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv(ROOTS, str(tmp_path / "studies"))
    monkeypatch.setenv(CODE, str(folder))
    importlib.invalidate_caches()
    return folder


def test_without_a_folder_no_code_of_users_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOTS, "/srv")
    with pytest.raises(NotAllowedError, match="SPIKEATLAS_CODE allows none"):
        load_object("pathlib:Path")


def test_code_of_the_folder_is_found_and_run(allowed: Path) -> None:
    assert load_object("models_of_host:make")().__name__ == "os"
    assert type(load_object("models_of_host:method")).__name__ == "Method"


@pytest.mark.parametrize(
    "path",
    ["models_of_host:getcwd", "models_of_host:os.getcwd", "models_of_host:system.system", "models_of_host:os.environ",
     "models_of_host:make.__globals__", "pathlib:Path", "spikeatlas.snn.own_code:load_object",
     "spikeatlas.snn.modules.factories:torch.hub.load"],
)  # fmt: skip
def test_all_else_is_refused(allowed: Path, path: str) -> None:
    with pytest.raises(NotAllowedError, match=f"SPIKEATLAS_CODE allows code of {allowed} alone"):
        load_object(path)


def test_nothing_is_run_to_find_that_out(
    allowed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trap_elsewhere.py").write_text("raise SystemExit\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(NotAllowedError):
        load_object("trap_elsewhere:make")


def test_a_module_that_is_hidden_by_another_is_refused(
    allowed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "twin_of_host.py").write_text("def make(): pass\n")
    (allowed / "twin_of_host.py").write_text("def make(): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(NotAllowedError):
        load_object("twin_of_host:make")


def test_our_own_factories_are_no_code_of_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOTS, "/srv")
    module = make_module("spikeatlas.snn.modules.factories:mango_snn", {"time_steps": 2})
    assert any(True for _ in module.parameters())
