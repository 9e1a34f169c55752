"""A user's own code: where it is found, what is said where it is not, and its digest."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from spikeatlas.snn.own_code import FunctionPath, load_object, source_digest
from spikeatlas.snn.sentences import near


class Star:
    """A member of the user's."""


def test_a_module_of_the_working_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "module_of_here.py").write_text("class Thing:\n    pass\n")
    (tmp_path / "broken_of_here.py").write_text("class Thing\n")
    (tmp_path / "failing_of_here.py").write_text("import os\nos.nothing\n")
    (tmp_path / "lacking_of_here.py").write_text("import not_there.at_all\n")
    (tmp_path / "wanting_of_here.py").write_text("from os import nothing\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)

    assert load_object("module_of_here:Thing").__name__ == "Thing"
    with pytest.raises(ValueError, match=r"has no Thong \(did you mean Thing\?\)"):
        load_object("module_of_here:Thong")
    for name, error in (("broken", "SyntaxError"), ("failing", "AttributeError")):
        with pytest.raises(ValueError, match=f"its module fails with {error}: "):
            load_object(f"{name}_of_here:Thing")
    with pytest.raises(
        ValueError,
        match=r"^lacking_of_here:T cannot .* its module imports not_there, which there is",
    ):
        load_object("lacking_of_here:T")
    with pytest.raises(
        ValueError,
        match="its module fails with ImportError: cannot import name 'nothing' from 'os'",
    ):
        load_object("wanting_of_here:T")
    for name in ("nowhere", "nowhere.at.all"):
        with pytest.raises(
            ValueError, match=r"No module named 'nowhere'\): is the module on PYTHON"
        ):
            load_object(f"{name}:T")


@pytest.mark.parametrize(
    ("path", "example"), [("models.make", "models:make"), ("make", "mymodels:make"), ("a:b:c", "")]
)
def test_what_names_no_function_is_said(path: str, example: str) -> None:
    with pytest.raises(ValidationError, match=f"write module:function, such as .*{example}"):
        TypeAdapter(FunctionPath).validate_python(path)
    assert TypeAdapter(FunctionPath).validate_python("models.more:make") == "models.more:make"


def test_the_digest_is_of_the_source() -> None:
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    assert source_digest(Star) == source_digest(Star()) == digest
    assert source_digest(near) != digest
