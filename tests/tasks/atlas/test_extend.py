"""An atlas grows by epochs and keeps what it holds."""

from __future__ import annotations

import shutil
from dataclasses import replace

import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import (
    extend,
    open_store,
)
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


def test_an_extension_killed_between_its_renames_is_finished(copied: Checked) -> None:
    atlas_folder(copied).rename(atlas_folder(copied).with_name("atlas.zarr.old"))

    assert open_store(copied.run.atlas)["progress/epoch"][:].tolist() == [0, 2]  # type: ignore[index,union-attr]
