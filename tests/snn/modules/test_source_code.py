from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spikeatlas.snn.modules.source_code import code_digest

MODEL = """
from dm_helper import WIDTH
from torch import nn

def make():
    from dm_package.deep import HEIGHT
    return nn.Linear(WIDTH, HEIGHT)
"""
FILES = {
    "dm_model.py": MODEL,
    "dm_helper.py": "WIDTH = 3\n",
    "dm_other.py": "# nobody imports it\n",
    "dm_package/__init__.py": "",
    "dm_package/deep.py": "from .near import LOW\nfrom . import low\nHEIGHT = LOW + low.MORE\n",
    "dm_package/near.py": "LOW = 1\n",
    "dm_package/low.py": "MORE = 1\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    write(tmp_path / "one")
    monkeypatch.syspath_prepend(str(tmp_path / "one"))
    yield tmp_path / "one"
    forget()


def write(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def forget() -> None:
    for name in [name for name in sys.modules if name.startswith("dm_")]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.mark.parametrize("name", [name for name in FILES if name != "dm_other.py"])
def test_a_changed_line_of_the_factory_or_of_what_it_imports_changes_the_digest(
    folder: Path, name: str
) -> None:
    before = code_digest("dm_model:make")
    (folder / name).write_text(FILES[name] + "# changed\n")
    assert code_digest("dm_model:make") != before


def test_other_files_beside_it_do_not_count_even_once_imported(folder: Path) -> None:
    before = code_digest("dm_model:make")
    importlib.import_module("dm_other")
    (folder / "dm_other.py").write_text("# changed\n")
    assert code_digest("dm_model:make") == before


def test_a_moved_folder_keeps_its_digest(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = code_digest("dm_model:make")
    shutil.move(folder, tmp_path / "two")
    forget()
    monkeypatch.syspath_prepend(str(tmp_path / "two"))
    assert code_digest("dm_model:make") == before


def test_a_factory_within_a_package_counts_by_its_path(folder: Path) -> None:
    (folder / "dm_package" / "net.py").write_text("from dm_helper import WIDTH\ndef make(): ...\n")
    before = code_digest("dm_package.net:make")
    (folder / "dm_helper.py").write_text("WIDTH = 4\n")
    assert code_digest("dm_package.net:make") != before


def test_an_installed_package_is_its_own_tree() -> None:
    digest = code_digest("torchvision.models:resnet18")
    assert digest == code_digest("torchvision.models:resnet18")
    assert len(digest) == 64


def test_what_no_file_defines_is_refused() -> None:
    with pytest.raises(ValueError, match="is defined in no file"):
        code_digest("builtins:dict")
