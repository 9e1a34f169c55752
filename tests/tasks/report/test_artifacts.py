from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import xarray as xr
import zarr
from PIL import Image

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import DONE, SATURATED, SILENT, STATUS, open_tree
from spikeatlas.tasks.report.artifacts import (
    EDGE,
    GAP,
    PICTURES,
    claims_text,
    epoch_picture,
    epoch_table,
)


def test_an_epoch_s_table_counts_what_the_atlas_holds(compared: Checked) -> None:
    table = epoch_table(open_tree(compared.run.atlas), 2)
    assert [row["layer"] for row in table] == ["conv2", "fc1"]
    neurons = xr.open_zarr(compared.run.atlas, group="neurons", consolidated=False).sel(epoch=2)
    for row in table:
        neurons_of_layer = neurons.isel(neuron=np.flatnonzero(neurons.layer.values == row["layer"]))
        assert row["neurons"] == neurons_of_layer.sizes["neuron"]
        assert row["done"] + row["silent"] + row["saturated"] == row["neurons"]
        assert row["silent"] == int((neurons_of_layer.status == STATUS[SILENT]).sum())
        assert row["mean response"] == round(float(neurons_of_layer.response.mean()), 3)
        assert 0 <= row["selective"] <= row["neurons"]


def test_the_picture_holds_the_stimuli(compared: Checked) -> None:
    uri = epoch_picture(open_tree(compared.run.atlas), 2)
    with Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))) as picture:
        pixels = np.asarray(picture)
    group = open_tree(compared.run.atlas).layer("conv2", "layers", "image").sel(epoch=2)
    searched = group.response.where(group.status.isin((DONE, SATURATED))).isel(search=0, repeat=0)
    best = int(searched.argmax("neuron"))
    assert np.array_equal(
        pixels[:EDGE:6, :EDGE:6], group.mei.isel(neuron=best, search=0, repeat=0).values[0]
    )
    assert pixels.shape[1] <= (EDGE + GAP) * PICTURES


def test_a_silent_layer_has_no_pictures(compared_copy: Checked) -> None:
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    for layer in ("conv2", "fc1"):
        status: Any = root[f"best/{layer}/status"]
        status[:] = STATUS[SILENT]
    assert epoch_picture(open_tree(compared_copy.run.atlas), 2).startswith("data:image/png")


def test_claims_are_sentences() -> None:
    claim = {
        "answer": "undecided",
        "statement": "Neurons wander.",
        "reasons": ["too few", "too short"],
    }
    assert claims_text([claim]) == "- **undecided**: Neurons wander. too few; too short"
    assert claims_text([]) == ""
