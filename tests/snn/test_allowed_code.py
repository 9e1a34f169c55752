"""Code on a confined host: what its operator allows, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
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
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder whose code the host runs."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "models_of_host.py").write_text(MODELS)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setenv(ROOTS, str(tmp_path / "studies"))
    monkeypatch.setenv(CODE, str(folder))
    yield folder
    # what a test has loaded is of its own folder alone
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


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


TRAP = "raise SystemExit('outside')\n"


@pytest.fixture
def elsewhere(allowed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on Python's path, and is not the host's."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_the_module_of_the_host_is_used_whatever_hides_it(allowed: Path, elsewhere: Path) -> None:
    (elsewhere / "twin_of_host.py").write_text(TRAP)
    (allowed / "twin_of_host.py").write_text("def make(): return 'of the host'\n")
    assert load_object("twin_of_host:make")() == "of the host"
    assert load_object("twin_of_host:make")() == "of the host"


def test_a_folder_without_code_lets_nothing_from_elsewhere_in(
    allowed: Path, elsewhere: Path
) -> None:
    for name in ("empty_of_host", "spaces_of_host"):
        (allowed / name).mkdir()
        (elsewhere / f"{name}.py").write_text(TRAP)
    (allowed / "spaces_of_host" / "part.py").write_text("def make(): pass\n")
    for path in ("empty_of_host:make", "spaces_of_host:make", "spaces_of_host.part:make"):
        with pytest.raises(NotAllowedError, match="is code of your own, which this host does not"):
            load_object(path)


def test_a_link_to_elsewhere_is_not_followed(allowed: Path, elsewhere: Path) -> None:
    (elsewhere / "link_target.py").write_text(TRAP)
    (allowed / "linked_of_host.py").symlink_to(elsewhere / "link_target.py")
    with pytest.raises(NotAllowedError):
        load_object("linked_of_host:make")


def test_a_name_that_is_another_module_s_is_refused_before_it_runs(
    allowed: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)
    for name in ("this", "pytest"):
        (allowed / f"{name}.py").write_text(TRAP)
    with pytest.raises(
        NotAllowedError, match=r"^this:make is code .* this is a module of Python's own"
    ):
        load_object("this:make")
    with pytest.raises(
        NotAllowedError, match=r"another module pytest is loaded here; have .*renamed"
    ):
        load_object("pytest:make")


def test_packages_and_parts_beside_a_module_are_found(allowed: Path) -> None:
    package = allowed / "package_of_host"
    package.mkdir()
    (package / "__init__.py").write_text("from .nets import make\n")
    (package / "nets.py").write_text("from .parts import width\ndef make(): return width\n")
    (package / "parts.py").write_text("from beside_of_host import width\n")
    (allowed / "beside_of_host.py").write_text("width = 3\n")
    assert load_object("package_of_host.nets:make")() == 3
    assert load_object("package_of_host:make")() == 3


def test_a_module_that_failed_can_be_loaded_once_mended(allowed: Path) -> None:
    file = allowed / "failing_of_host.py"
    file.write_text("1 / 0\n")
    with pytest.raises(ValueError, match="ZeroDivisionError"):
        load_object("failing_of_host:make")
    file.write_text("def make(): return 'mended'\n")
    assert load_object("failing_of_host:make")() == "mended"


def test_a_worker_process_does_the_same(allowed: Path, elsewhere: Path) -> None:
    (elsewhere / "twin_of_host.py").write_text(TRAP)
    (allowed / "twin_of_host.py").write_text("def make(): return 'of the host'\n")
    code = "from spikeatlas.snn.own_code import load_object as load; print(load('twin_of_host:make')())"
    path = os.pathsep.join([str(elsewhere), os.environ.get("PYTHONPATH", ""), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "of the host\n", done.stderr


def test_our_own_factories_are_no_code_of_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOTS, "/srv")
    module = make_module("spikeatlas.snn.modules.factories:mango_snn", {"time_steps": 2})
    assert any(True for _ in module.parameters())
