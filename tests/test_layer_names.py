"""Layers of any name, and responses of any sign, go through the store, the queries and the pages."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.cli import app
from spikeatlas.tasks.atlas import consolidate, extend, integrity, open_tree
from spikeatlas.tasks.inspect.replay.verify import place, verify
from spikeatlas.tasks.report.artifacts import epoch_table
from spikeatlas.tasks.study.study import StudyError
from tests.networks.odd_names import NAMES, odd_study
from tests.test_outside import look
from tests.tiny import atlas_folder, build, built


@pytest.fixture(scope="module")
def odd(shared: Path) -> Checked:
    """A finished study of a function with odd names: read only."""
    return built(shared / "odd", odd_study)


def test_every_layer_is_stored_and_verified(odd: Checked) -> None:
    with open_tree(odd.run.atlas) as tree:
        assert tuple(tree.layers) == NAMES
        signed = tree[f"layers/{NAMES[-1]}"].response
        assert signed.attrs["units"] == "dF/F"
        assert not {"valid_min", "valid_max"} & set(signed.attrs)
        assert float(signed.max()) < 0
        index = tree["neurons"].class_selectivity_index.values.reshape(-1, 4)
    assert np.isnan(index[[0, 2, 3]]).all()
    verdict = verify(odd.run)
    assert verdict.sound, verdict.problems
    assert place(odd.run, f"natural/{NAMES[0]}/natural_response has lost a chunk").startswith(
        f"layer={NAMES[0]} "
    )


def test_an_epoch_s_table_names_units(odd: Checked) -> None:
    with open_tree(odd.run.atlas) as tree:
        table = epoch_table(tree, 0)
    assert [(row["layer"], row["unit"]) for row in table] == [(name, "dF/F") for name in NAMES]


def test_an_extended_store_keeps_every_layer(odd: Checked, tmp_path: Path) -> None:
    path = tmp_path / "atlas.zarr"
    shutil.copytree(atlas_folder(odd), path)
    extend(path, odd.layout, replace(odd.layout, epochs=(0, 1)))
    assert integrity.metadata_damage(path) == []
    assert integrity.epoch_damage(path, 0) == []
    before, grown = (xr.open_datatree(p, consolidated=False) for p in (atlas_folder(odd), path))
    for name in NAMES:
        kept = grown[f"image/{name}"].to_dataset().sel(epoch=[0])
        xr.testing.assert_identical(kept.load(), before[f"image/{name}"].to_dataset().load())


def test_xarray_alone_reads_and_copies_it(odd: Checked, tmp_path: Path) -> None:
    path, other = tmp_path / "atlas.zarr", odd_study(tmp_path / "other", seed=1)
    shutil.copytree(atlas_folder(odd), path)
    consolidate(path)
    second = atlas_folder(build(other))
    consolidate(second)
    look(path, second, tmp_path)


def ask(*words: str) -> str:
    """What the command line answers."""
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("name", NAMES)
def test_the_terminal_answers_about_each(odd: Checked, name: str, tmp_path: Path) -> None:
    atlas, picture = str(odd.run.atlas), tmp_path / "mei.png"
    (answer,) = json.loads(ask("query", atlas, "--layer", name, "--neuron", "1", "--json"))
    assert (answer["layer"], answer["unit"]) == (name, "dF/F")
    assert answer["best class"] != "none"
    ask("query", atlas, "--layer", name, "--png", str(picture))
    assert picture.stat().st_size > 0
    for about in ("onset", "methods"):
        ask("query", atlas, "--about", about, "--layer", name, "--png", str(picture))
    lines = ask("info", atlas)
    assert name in lines
    assert "dF/F" in lines
    assert " nan " not in lines
    assert name in ask("compare", atlas, "tt", "random")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("conv/1", "part folders"),
        ("conv\\1", "part folders"),
        ("..", "something else"),
        ("__main", "something else"),
        (" conv", "blank"),
        ("conv\n1", "printed"),
        ("conv" * 60, "200 bytes"),
    ],
)
def test_a_name_that_no_store_can_hold_is_refused(tmp_path: Path, name: str, part: str) -> None:
    raw = odd_study(tmp_path / "run")
    raw["network"] |= {"layers": {name: 4}, "options": {"more": [name]}}
    with pytest.raises(StudyError) as caught:
        check(raw)
    (problem,) = caught.value.problems
    assert problem.startswith("probe.layers: an atlas cannot hold")
    assert part in problem
    assert not (tmp_path / "run").exists()


def test_such_a_layer_may_be_left_out_of_the_probe(tmp_path: Path) -> None:
    raw = odd_study(tmp_path / "run", probe={"epochs": "all", "layers": ["0.2"]})
    raw["network"] |= {"layers": {"conv/1": 4, "0.2": 4}, "options": {"more": ["conv/1"]}}
    assert tuple(check(raw).layout.layers) == ("0.2",)


def test_diverse_stimuli_of_responses_below_zero_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        check(odd_study(tmp_path / "run", search={"diverse": 2}))
    (problem,) = caught.value.problems
    assert problem.startswith("search.diverse: 2 stimuli")
    assert NAMES[0] in problem
