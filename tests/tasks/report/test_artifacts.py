from __future__ import annotations

import numpy as np
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import SILENT, STATUS, open_tree
from spikeatlas.tasks.report.artifacts import claims_text, epoch_table


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


def test_claims_are_sentences() -> None:
    claim = {
        "answer": "undecided",
        "statement": "Neurons wander.",
        "reasons": ["too few", "too short"],
    }
    assert claims_text([claim]) == "- **undecided**: Neurons wander. too few; too short"
    assert claims_text([]) == ""
