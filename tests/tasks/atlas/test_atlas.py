"""An atlas is readable with xarray alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
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
    search = ("response", "search_response", "images_shown", "seed", "seconds", "status")
    kinds = {
        "image": ("mei",),
        "latent": ("latent",),
        "history": ("history",),
        "best": ("mei", "response", "best_search", "best_known"),
        "natural": ("natural_response",),
        "natural_top": ("natural_top", "natural_top_response"),
        "blank": ("blank_response",),
        "screening": ("screening_response",),
        "layers": search,
    }
    assert {f"/{kind}/conv2/{name}" for kind, some in kinds.items() for name in some} <= names
    progress = ("accuracy", "loss", "trained", "observed", "screened", "analysed")
    assert {f"/progress/{name}" for name in progress} <= names
    assert {"/screening_image/screening_image", "/screening_latent/screening_latent"} <= names
    assert {"/selectivity/class_selectivity_index", "/neurons/response", "/neurons/status"} <= names


def test_labels_select(made: Checked) -> None:
    dt = xr.open_datatree(atlas_folder(made), engine="zarr", consolidated=False)
    table = dt["neurons"].to_dataset()

    assert {"layer", "neuron_index"} <= set(table.coords)
    assert table.sel(neuron=table.layer == "conv2").sizes["neuron"] == 6
    assert set(table.groupby("layer").mean().layer.values) == {"conv2", "fc1"}
    assert dt["image/conv2"].mei.dtype == np.uint8
    assert dt["layers/conv2"].response.sel(epoch=2, search="tt").dims == (
        "neuron",
        "repeat",
    )
    repeats = dt["screening/fc1"].to_dataset().screening_response.groupby("stimulus_repeat").max()
    assert repeats.sizes["stimulus_repeat"] == 2


def test_xarray_alone_reads_what_compares_epochs(compared: Checked) -> None:
    dt = xr.open_datatree(atlas_folder(compared), engine="zarr", consolidated=False)

    assert dt["cross"].crossed.dims == ("epoch", "stimulus_epoch")
    assert (dt["cross"].crossed == 1).all()
    found = dt["cross/fc1"].cross_response
    assert found.dims == ("epoch", "stimulus_epoch", "neuron", "search", "repeat")
    assert found.stimulus_epoch.values.tolist() == [0, 1, 2]
    natural = dt["natural_image/conv2"].to_dataset()
    assert natural.sizes["image"] == 60
    assert natural.natural_image_response.groupby("label").mean().sizes["label"] == 10
    ablation = dt["importance/ablation"].to_dataset()
    assert ablation.accuracy.sel(epoch=2).groupby("layer").mean().sizes["layer"] == 2
    assert dt["progress/layers"].dimensionality.sel(epoch=2, layer="conv2").item() >= 1
    assert dt["layers/conv2"].status.flag_meanings.split()[5] == "unplanned"
