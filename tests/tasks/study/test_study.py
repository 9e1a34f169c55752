"""A study's values: its methods, its digest, its own code, the run that it resolves to."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from spikeatlas.tasks.atlas.origin import provenance
from spikeatlas.tasks.study import run_files
from spikeatlas.tasks.study.digests import digest, json_values
from spikeatlas.tasks.study.resolve import resolve
from spikeatlas.tasks.study.search_entries import SearchMethod
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.study.value_fields import own_sources, study_digest, value_fields
from spikeatlas.tasks.workers import models
from tests.tiny import tiny

FIRST_DIGEST = "2f2c17f95d6125e96d3fb5c01d3bf4973e3baf9c6e5e2b8cbc6677d108d02b42"
"""Of the study that says nothing, in the first version."""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of the user's own."""
    path = tmp_path / "own_search.py"
    path.write_text("class Mine: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_search", raising=False)
    return path


def test_fields_at_their_defaults_leave_the_digest_of_the_first_version() -> None:
    assert study_digest(Study()) == FIRST_DIGEST


def test_where_a_study_runs_changes_no_digest(tmp_path: Path) -> None:
    moved = Study.model_validate(
        tiny(tmp_path, runner={"workers": 7}, watch={"max_epochs": 3}, probe={"epochs": [1]})
    )
    assert study_digest(moved) == study_digest(Study.model_validate(tiny(Path("elsewhere"))))


def test_a_method_is_a_name_or_a_mapping_with_options() -> None:
    raw = ["random", {"kind": "ga"}, {"kind": "tt", "quantize": False}]
    search = Study.model_validate(
        {"search": {"methods": raw, "options": {"tt": {"batch": 2}}}}
    ).search

    assert search.methods == ("random", "ga", SearchMethod("tt", {"quantize": False}))
    assert search.labels == ("random", "ga", "tt")
    assert search.options_of("tt") == {"batch": 2, "quantize": False}
    assert search.options_of("ga") == {}
    assert search.method("ga") == "ga"
    # what is written is read again
    assert json_values(search)["methods"] == ["random", "ga", raw[2]]
    assert Study.model_validate({"search": json_values(search)}).search == search


@pytest.mark.parametrize("method", [3, {"quantize": False}, None])
def test_a_method_without_a_name_is_told(method: object) -> None:
    with pytest.raises(ValidationError, match="names no search method; write its name"):
        Study.model_validate({"search": {"methods": [method]}})


def test_the_users_own_code_is_part_of_the_digest_and_of_the_provenance(own: Path) -> None:
    study = Study(search={"methods": ["random", {"kind": "own_search:Mine", "speed": 2}]})
    before, sources = study_digest(study), own_sources(study)

    assert list(sources) == ["own_search:Mine"]
    assert study.search.method("own_search:Mine").__name__ == "Mine"
    run = resolve(study, models.source(study))
    assert run.digest == before
    assert json.loads(provenance(run, "images")["sources"]) == sources
    assert "sources" not in provenance(resolve(Study(), models.source(Study())), "images")

    own.write_text("class Mine: speed = 1\n")
    assert own_sources(study) != sources
    assert study_digest(study) != before
    assert digest(value_fields(study)) != before


def test_a_run_is_its_study_resolved(tmp_path: Path) -> None:
    study = Study.model_validate(
        tiny(tmp_path, probe={"neurons": {"fc1": [2, 0]}, "epochs": [2, 0]})
    )
    run = resolve(study, models.source(study))

    assert run.study is study
    assert dict(run.layers) == {"conv2": tuple(range(6)), "fc1": (2, 0)}
    assert list(run.epochs) == [0, 2]
    assert str(run.atlas) == str(tmp_path / "atlas.zarr")
    assert run.checkpoints == tmp_path / "checkpoints"
    assert run.generator_file == tmp_path / f"generator-{run.generator_key[:16]}.safetensors"
    assert run_files.prior_file(study, "d").parent == tmp_path
    moved = run.with_fields(output=tmp_path / "b")
    assert (moved.folder, moved.digest, moved.layers) == (tmp_path / "b", run.digest, run.layers)
    assert run.folder == tmp_path


def test_a_warm_start_shares_the_budget() -> None:
    run = resolve(Study(search={"budget": 9, "warm_start": True}), models.source(Study()))

    assert run.budgets(first=True) == (9,)
    assert run.budgets(first=False) == (5, 4)
