from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.training import read_header
from spikeatlas.tasks.atlas import STATUS, Tree, layer_rows, open_tree
from spikeatlas.tasks.inspect.neurons import Selection, read_neurons
from spikeatlas.tasks.report.summary import read_summary
from spikeatlas.tasks.stages.analyze import analyze
from tests.tiny import least_exciting


def rows_of(tree: Tree, group: str, layer: str, epoch: float) -> xr.Dataset:
    return layer_rows(tree[group].sel(epoch=epoch), layer).load()


def test_the_table_holds_each_neurons_best_search(made: Checked) -> None:
    tree = open_tree(made.run.atlas)
    for layer in made.run.layers:
        found, best = tree.layer(layer, "layers", "image"), tree[f"best/{layer}"]
        for epoch in made.run.epochs:
            rows = rows_of(tree, "neurons", layer, epoch)
            now = found.sel(epoch=epoch)
            np.testing.assert_array_equal(
                rows.response.values, now.response.max(["search", "repeat"]).values
            )
            for row in range(rows.sizes["neuron"]):
                one = rows.isel(neuron=row)
                chosen = now.isel(neuron=row).sel(
                    search=str(one.best_search.item()), repeat=one.best_repeat.item()
                )
                assert chosen.response.item() == one.response.item()
                assert STATUS[int(chosen.status.item())] == one.status.item()
                same = best.sel(epoch=epoch).isel(neuron=row)
                np.testing.assert_array_equal(same.mei.values, chosen.mei.values)
                for name in ("response", "best_search", "best_repeat", "status"):
                    assert same[name].item() == one[name].item(), name


def test_ratios_compare_with_the_same_repeats_screening(made: Checked) -> None:
    tree = open_tree(made.run.atlas)
    found = tree["layers/fc1"].sel(epoch=2)
    screened = tree["screening/fc1"].sel(epoch=2).screening_response
    rows = rows_of(tree, "meis", "fc1", 2)
    for repeat in (0, 1):
        best = screened.values[screened.stimulus_repeat.values == repeat].max(axis=0)
        wanted = found.response.sel(search="tt", repeat=repeat).values / np.where(
            best > 0, best, np.nan
        )
        np.testing.assert_allclose(
            rows.random_ratio.sel(search="tt", repeat=repeat).values, wanted, rtol=1e-6
        )


def test_accuracy_is_the_checkpoints(made: Checked) -> None:
    progress = open_tree(made.run.atlas).progress
    for epoch in made.run.epochs:
        header = read_header(made.run.checkpoints / f"epoch-{epoch:g}.safetensors")
        assert progress.accuracy.sel(epoch=epoch).item() == np.float32(header.accuracy)


def test_natural_tops_are_the_strongest_test_images(made: Checked) -> None:
    found = open_tree(made.run.atlas).layer("conv2", "natural", "natural_top").isel(epoch=1)

    top = found.natural_top_response.values
    assert (np.diff(top, axis=1) <= 0).all()
    assert found.natural_response.max() <= top.max()
    assert ((found.natural_top >= 0) & (found.natural_top < 120)).all()


def test_the_least_exciting_image_is_the_best_where_it_is_sought(copied: Checked) -> None:
    least_exciting(copied)
    run = copied.run.with_fields(search=replace(copied.run.search, sign=-1))

    analyze(run, 2)

    tree = open_tree(copied.run.atlas)
    rows = rows_of(tree, "neurons", "conv2", 2)
    found = tree["layers/conv2"].sel(epoch=2)
    lowest = found.response.min(["search", "repeat"])
    assert (lowest < found.response.max(["search", "repeat"])).any()
    np.testing.assert_array_equal(rows.response.values, lowest.values)
    # what is the least exciting is held against no best image
    assert rows.natural_ratio.isnull().all()
    assert rows.random_ratio.isnull().all()
    asked = Selection(2, "conv2", None, None, None)
    told = [result.response.item() for result in read_neurons(run.atlas, asked).results]
    np.testing.assert_array_equal(told, lowest.values)
    shown = {layer.name: layer for layer in read_summary(run.atlas).layers}["conv2"]
    np.testing.assert_array_equal(shown.response[1], lowest.values)
    np.testing.assert_array_equal(shown.search[1], rows.best_search.values)
