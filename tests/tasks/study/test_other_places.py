"""What is no atlas is told as what it is, and nobody is led to destroy a sound one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import AtlasError, open_store
from spikeatlas.tasks.study.location import place
from tests.tiny import tiny


@pytest.fixture
def runs(made: Checked, tmp_path: Path) -> Path:
    """A folder with a run, and other things."""
    folder = tmp_path / "my runs"
    shutil.copytree(made.run.folder, folder / "a")
    (folder / "study.yaml").write_text(yaml.safe_dump(tiny(folder / "a")))
    (folder / "plain.yml").write_text("seed: 3")
    (folder / "list.yaml").write_text("- 1")
    (folder / "empty").mkdir()
    zarr.open_group(folder / "other.zarr", mode="w", attributes={"mine": 1})
    zarr.open_group(folder / "benchmark.zarr", mode="w", attributes={"benchmark_version": 1})
    return folder


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", r"is no atlas, but holds some: .*a/atlas\.zarr; name one of them"),
        ("study.yaml", r"is a study: its atlas, once it has run, is .*/my runs/a/atlas\.zarr"),
        ("plain.yml", r"is a study: its atlas, once it has run, is runs/atlas/atlas\.zarr"),
        ("list.yaml", "is a file, and an atlas is a folder"),
        ("a/claims.json", "is a file, and an atlas is a folder"),
        ("a/atlas.zarr/layers/conv2", r"is a part of the atlas .*a/atlas\.zarr: name that"),
        ("a/atlas.zarr/layers/conv2/zarr.json", r"is a file, a part of the atlas .*a/atlas\.zarr"),
        ("a/checkpoints", r"is no atlas: that of this run is .*a/atlas\.zarr"),
        ("empty", "is a folder without an atlas"),
        ("other.zarr", "is a Zarr store that no run has made"),
        ("benchmark.zarr", "is the dataset of a benchmark"),
    ],
)
def test_what_is_no_atlas_is_told_as_what_it_is(runs: Path, name: str, told: str) -> None:
    with pytest.raises(AtlasError, match=told) as caught:
        open_store(place(runs / name))
    assert "--fresh" not in str(caught.value)
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("name", ["a", "a/", "empty/../a", "a/atlas.zarr/", "link"])
def test_a_runs_folder_stands_for_its_atlas(runs: Path, name: str) -> None:
    (runs / "link").symlink_to(runs / "a")
    assert "layers" in open_store(place(f"{runs}/{name}"))


def test_a_damaged_atlas_is_told_as_that(runs: Path) -> None:
    (runs / "a" / "atlas.zarr" / "zarr.json").write_text("{")
    with pytest.raises(AtlasError, match=r"its zarr\.json is damaged .*: restore it from a copy"):
        open_store(place(runs / "a"))
