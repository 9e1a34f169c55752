from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.training import read_header
from spikeatlas.tasks.inspect.neurons import Selection, read_neurons
from spikeatlas.tasks.report.summary import read_summary
from spikeatlas.tasks.stages.analyze import analyze
from tests.tiny import atlas_folder, least_exciting


def tree(checked: Checked) -> xr.DataTree:
    return xr.open_datatree(atlas_folder(checked), engine="zarr", consolidated=False).load()


def test_the_table_holds_each_neurons_best_search(made: Checked) -> None:
    dt = tree(made)
    table = dt["neurons"].to_dataset()
    for layer in made.run.layers:
        found = dt[f"layers/{layer}"].to_dataset()
        best = found.response.max(["method", "repeat"])
        rows = table.sel(neuron=table.layer == layer)
        np.testing.assert_array_equal(rows.response.values, best.values)
        for row in range(rows.sizes["neuron"]):
            one = rows.isel(neuron=row, epoch=1)
            chosen = found.isel(neuron=row, epoch=1).sel(
                {"method": str(one.method.item()), "repeat": one.repeat.item()}
            )
            assert chosen.response.item() == one.response.item()
            assert chosen.status.item() == one.status.item()


def test_ratios_compare_with_the_same_repeats_screening(made: Checked) -> None:
    dt = tree(made)
    found = dt["layers/fc1"].to_dataset().isel(epoch=1)
    screened = dt["screening"].to_dataset().isel(epoch=1).response_fc1
    measured = dt["selectivity"].to_dataset().isel(epoch=1)
    rows = measured.sel(neuron=measured.layer == "fc1")
    for repeat in (0, 1):
        best = screened.values[screened["repeat"].values == repeat].max(axis=0)
        wanted = found.response.sel({"method": "tt", "repeat": repeat}).values / np.where(
            best > 0, best, np.nan
        )
        np.testing.assert_allclose(
            rows.random_ratio.sel({"method": "tt", "repeat": repeat}).values, wanted, rtol=1e-6
        )


def test_accuracy_is_the_checkpoints(made: Checked) -> None:
    dt = tree(made)
    for epoch in made.run.epochs:
        header = read_header(made.run.checkpoints / f"epoch-{epoch:g}.safetensors")
        assert dt.accuracy.sel(epoch=epoch).item() == np.float32(header.accuracy)


def test_natural_tops_are_the_strongest_test_images(made: Checked) -> None:
    found = tree(made)["layers/conv2"].to_dataset().isel(epoch=1)

    top = found.natural_top_response.values
    assert (np.diff(top, axis=1) <= 0).all()
    assert found.natural_response.max() <= top.max()
    assert ((found.natural_top >= 0) & (found.natural_top < 120)).all()


def test_the_least_exciting_image_is_the_best_where_it_is_sought(copied: Checked) -> None:
    least_exciting(copied)
    run = copied.run.with_fields(search=replace(copied.run.search, sign=-1))

    analyze(run, 2)

    dt = tree(copied)
    table = dt["neurons"].to_dataset().sel(epoch=2)
    rows = table.sel(neuron=table.layer == "conv2")
    found = dt["layers/conv2"].sel(epoch=2)
    lowest = found.response.min(["method", "repeat"])
    assert (lowest < found.response.max(["method", "repeat"])).any()
    np.testing.assert_array_equal(rows.response.values, lowest.values)
    asked = Selection(2, "conv2", None, None, None)
    told = [result.response.item() for result in read_neurons(run.atlas, asked).results]
    np.testing.assert_array_equal(told, lowest.values)
    shown = {layer.name: layer for layer in read_summary(run.atlas).layers}["conv2"]
    np.testing.assert_array_equal(shown.response[1], lowest.values)
    np.testing.assert_array_equal(shown.method[1], rows.method.values)
