"""The store's promises: chunks aligned with blocks, nothing cast silently, readable with xarray alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import (
    AtlasError,
    extend,
    open_store,
    queries,
    size_of,
    unfinished,
    write,
)
from spikeatlas.tasks.atlas.allocate import allocate
from tests.equal import differences
from tests.tiny import atlas_folder

WITHOUT_US = """
import sys
import xarray as xr
dt = xr.open_datatree(sys.argv[1], engine="zarr", consolidated=False)
for group in dt.subtree:
    for name, variable in group.variables.items():
        assert variable.attrs["long_name"] and variable.attrs["units"], (group.path, name)
print(*[f"{g.path}/{n}" for g in dt.subtree for n in g.variables])
assert not any(m.split(".")[0] in {"flows", "tasks", "snn", "optim"} for m in sys.modules)
"""


def test_xarray_alone_reads_everything(made: Checked, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", WITHOUT_US, str(atlas_folder(made).absolute())]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    names = set(done.stdout.split())
    search = (
        "mei",
        "latent",
        "response",
        "search_response",
        "queries",
        "seed",
        "seconds",
        "history",
        "status",
    )
    natural = ("natural_response", "natural_top", "natural_top_response")
    assert {f"/layers/conv2/{name}" for name in (*search, *natural)} <= names
    assert {"//accuracy", "//loss", "//trained", "//observed", "//screened", "//analysed"} <= names
    assert {"/screening/image", "/screening/latent", "/screening/response_fc1"} <= names
    assert {"/selectivity/class_selectivity_index", "/neurons/response", "/neurons/status"} <= names


def test_labels_select(made: Checked) -> None:
    dt = xr.open_datatree(atlas_folder(made), engine="zarr", consolidated=False)
    table = dt["neurons"].to_dataset()

    assert {"layer", "index"} <= set(table.coords)
    assert table.sel(neuron=table.layer == "conv2").sizes["neuron"] == 6
    assert set(table.groupby("layer").mean().layer.values) == {"conv2", "fc1"}
    assert dt["layers/conv2"].mei.dtype == np.uint8
    assert dt["layers/conv2"].response.sel({"epoch": 2, "method": "tt"}).dims == (
        "neuron",
        "repeat",
    )
    assert dt["screening"].response_fc1.groupby("repeat").max().sizes["repeat"] == 2


def test_a_chunk_is_a_block_in_every_array_with_methods(made: Checked) -> None:
    root = open_store(made.run.atlas)
    for layer in made.run.layers:
        group: Any = root[f"layers/{layer}"]
        for name, array in group.arrays():
            dims = array.metadata.dimension_names
            if "method" in dims and len(dims) > 1 and "stimulus_epoch" not in dims:
                assert array.chunks[:2] == (1, 4), name
                assert array.chunks[2:] == array.shape[2:], name


def test_a_chunk_is_a_unit_of_work_in_every_array_of_the_analysis(compared: Checked) -> None:
    root: Any = open_store(compared.run.atlas)
    for group in ("natural", "population", "ablation", "selectivity"):
        for name, array in root[group].arrays():
            if "epoch" in array.metadata.dimension_names and array.ndim > 1:
                assert array.chunks == (1, *array.shape[1:]), f"{group}/{name}"
    for layer in compared.run.layers:
        array = root[f"layers/{layer}/cross_response"]
        assert array.chunks == (1, 1, *array.shape[2:])
    assert root["cross/crossed"].chunks == (1, 1)


def test_xarray_alone_reads_what_compares_epochs(compared: Checked) -> None:
    dt = xr.open_datatree(atlas_folder(compared), engine="zarr", consolidated=False)

    assert dt["cross"].crossed.dims == ("epoch", "stimulus_epoch")
    assert (dt["cross"].crossed == 1).all()
    found = dt["layers/fc1"].cross_response
    assert found.dims == ("epoch", "stimulus_epoch", "neuron", "method", "repeat")
    assert found.stimulus_epoch.values.tolist() == [0, 1, 2]
    natural = dt["natural"].to_dataset()
    assert natural.sizes["image"] == 60
    assert natural.response_conv2.groupby("label").mean().sizes["label"] == 10
    ablation = dt["ablation"].to_dataset()
    assert ablation.accuracy.sel(epoch=2).groupby("layer").mean().sizes["layer"] == 2
    assert dt["population"].dimensionality.sel(epoch=2, layer="conv2").item() >= 1
    assert dt["layers/conv2"].status.flag_meanings.split()[5] == "unplanned"


def test_wrong_types_and_shapes_are_refused(copied: Checked) -> None:
    block = made_block(copied)
    root = open_store(copied.run.atlas)
    good = np.asarray(root["layers/conv2/response"][0, 0:4])  # type: ignore[index]
    for bad in (good.astype(np.float64), good[:2], good[..., 0]):
        with pytest.raises(AtlasError, match="layers/conv2/response takes float32"):
            write.write_block(copied.run.atlas, block, {"response": bad})


def made_block(checked: Checked):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return next(b for b in checked.run.blocks(0) if b.layer == "conv2" and b.start == 0)


def test_failed_blocks_are_pending_again(copied: Checked) -> None:
    block = made_block(copied)
    assert unfinished(copied.run.atlas, copied.run.blocks(0)) == []

    write.mark_failed(copied.run.atlas, block)

    assert unfinished(copied.run.atlas, copied.run.blocks(0)) == [block]


def test_extending_keeps_what_is_there(copied: Checked) -> None:
    before = atlas_folder(copied).with_name("before.zarr")
    shutil.copytree(atlas_folder(copied), before)
    held = copied.layout

    assert held.cross
    extend(copied.run.atlas, held, replace(held, epochs=(0, 1, 2)))

    grown = xr.open_datatree(atlas_folder(copied), engine="zarr", consolidated=False)
    assert grown.epoch.values.tolist() == [0, 1, 2]
    assert grown.analysed.values.tolist() == [1, 0, 1]
    old = xr.open_datatree(before, engine="zarr", consolidated=False)
    # what is said of all epochs together, or of arrays that have grown, is said anew
    for group in set(old.groups[1:]) - {"/training", "/provenance"}:
        kept = grown[group].to_dataset()
        kept = kept.sel({dim: [0, 2] for dim in ("epoch", "stimulus_epoch") if dim in kept.dims})
        xr.testing.assert_identical(kept.load(), old[group].to_dataset().load())
    assert grown["cross"].crossed.values.tolist() == [[1, 0, 1], [0, 0, 0], [1, 0, 1]]
    assert grown["layers/conv2"].cross_response.sel(epoch=1).isnull().all()


def test_writes_go_to_the_tree_that_is_there(copied: Checked) -> None:
    """Arrays stay open from one write to the next, but not those of a tree that was replaced."""
    accuracy: Any = open_store(copied.run.atlas)["accuracy"]
    first, second = np.array([0.25, 0.75], accuracy.dtype)
    held = copied.layout

    write.write_epoch(copied.run.atlas, 2, {"accuracy": first})
    extend(copied.run.atlas, held, replace(held, epochs=(0, 1, 2)))
    write.write_epoch(copied.run.atlas, 2, {"accuracy": second})

    grown = xr.open_datatree(atlas_folder(copied), engine="zarr", consolidated=False)
    assert grown.accuracy.sel(epoch=2) == second
    assert grown.accuracy.sel(epoch=1).isnull()


def test_a_write_that_fails_leaves_the_mark(copied: Checked) -> None:
    """All arrays of a block are filled at once; where one cannot be, its block is not done, and none is left to write."""
    block = made_block(copied)
    group = atlas_folder(copied) / "layers/conv2"
    arrays = {
        name: np.asarray(open_store(copied.run.atlas)[f"layers/conv2/{name}"][0, 0:4])  # type: ignore[index]
        for name in ("queries", "response", "status")
    }
    write.mark_failed(copied.run.atlas, block)
    shutil.rmtree(group / "response/c")
    (group / "response/c").touch()

    with pytest.raises(OSError, match="response"):
        write.write_block(copied.run.atlas, block, {**arrays, "queries": arrays["queries"] + 1})

    assert unfinished(copied.run.atlas, [block]) == [block]
    held: Any = open_store(copied.run.atlas)["layers/conv2/queries"]
    np.testing.assert_array_equal(held[0, 0:4], arrays["queries"] + 1)


def test_an_extension_killed_between_its_renames_is_finished(copied: Checked) -> None:
    atlas_folder(copied).rename(atlas_folder(copied).with_name("atlas.zarr.old"))

    assert open_store(copied.run.atlas)["epoch"][:].tolist() == [0, 2]  # type: ignore[index,union-attr]


def test_allocating_twice_changes_nothing(copied: Checked, made: Checked) -> None:
    allocate(copied.run, copied.layout, copied.data.digest())

    assert differences(made.run.atlas, copied.run.atlas) == []


@pytest.mark.parametrize("budget", [1, 2, 10, 500, 20_000])
def test_queries_are_log_spaced_and_end_at_the_budget(budget: int) -> None:
    asked = queries(budget)

    assert asked[0] == 1
    assert asked[-1] == budget
    assert list(asked) == sorted(set(asked))


def test_the_size_is_known_beforehand(made: Checked) -> None:
    planned = size_of(made.layout)
    held = sum(array.nbytes for array in arrays(open_store(made.run.atlas)))

    assert 0.8 * planned <= held <= 1.5 * planned


def arrays(group: zarr.Group) -> list[zarr.Array]:  # type: ignore[type-arg]
    return [array for _, array in group.members(max_depth=None) if isinstance(array, zarr.Array)]
