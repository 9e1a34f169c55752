"""An atlas grows by epochs and keeps what it holds."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import (
    AtlasError,
    extend,
    open_store,
)
from spikeatlas.tasks.study.location import beside
from tests.tiny import atlas_folder


def test_extending_keeps_what_is_there(copied: Checked) -> None:
    before = atlas_folder(copied).with_name("before.zarr")
    shutil.copytree(atlas_folder(copied), before)
    held = copied.layout

    assert held.cross
    extend(copied.run.atlas, held, replace(held, epochs=(0, 1, 2)))

    grown = xr.open_datatree(atlas_folder(copied), engine="zarr", consolidated=False)
    assert grown["progress"].epoch.values.tolist() == [0, 1, 2]
    assert grown["progress"].analysed.values.tolist() == [1, 0, 1]
    old = xr.open_datatree(before, engine="zarr", consolidated=False)
    # what is said of all epochs together, or of arrays that have grown, is said anew
    for group in set(old.groups[1:]) - {"/training", "/provenance"}:
        kept = grown[group].to_dataset()
        kept = kept.sel({dim: [0, 2] for dim in ("epoch", "stimulus_epoch") if dim in kept.dims})
        xr.testing.assert_identical(kept.load(), old[group].to_dataset().load())
    assert grown["cross"].crossed.values.tolist() == [[1, 0, 1], [0, 0, 0], [1, 0, 1]]
    assert grown["cross/conv2"].cross_response.sel(epoch=1).isnull().all()


@pytest.mark.parametrize("earlier", [False, True])
def test_an_extension_killed_between_its_renames_is_finished(
    copied: Checked, *, earlier: bool
) -> None:
    atlas = atlas_folder(copied)
    atlas.rename(atlas.with_name("atlas.zarr.old") if earlier else beside(atlas, "retired"))
    atlas.with_name("atlas.zarr.grown").mkdir()

    assert open_store(atlas)["progress/epoch"][:].tolist() == [0, 2]  # type: ignore[index,union-attr]


def test_a_copy_of_somebodys_is_not_put_in_the_place_of_an_atlas(copied: Checked) -> None:
    copy = atlas_folder(copied).with_name("atlas.zarr.old")
    atlas_folder(copied).rename(copy)

    with pytest.raises(FileNotFoundError, match="there is no atlas at"):
        open_store(copied.run.atlas)
    assert copy.exists()


def test_an_atlas_in_which_somebody_keeps_files_does_not_grow(copied: Checked) -> None:
    note = atlas_folder(copied) / "layers" / "notes.txt"
    note.write_text("mine")

    with pytest.raises(AtlasError, match=r"holds layers/notes\.txt, which no run made"):
        extend(copied.run.atlas, copied.layout, replace(copied.layout, epochs=(0, 1, 2)))
    assert note.read_text() == "mine"
