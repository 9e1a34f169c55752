"""What networks of other epochs answer to a neuron's image."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import (
    ABLATED,
    ANALYSED,
    FAILED,
    SILENT,
    has_mei,
    open_tree,
    read,
    settled,
    write,
)
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.stages import cross as crossing
from spikeatlas.tasks.stages.ablate import ablate
from spikeatlas.tasks.stages.analyze import analyze
from spikeatlas.tasks.stages.blank import show_blanks
from spikeatlas.tasks.stages.conclude import conclude
from spikeatlas.tasks.stages.cross import cross, to_show
from spikeatlas.tasks.stages.know import know
from spikeatlas.tasks.stages.maximize import maximize
from spikeatlas.tasks.stages.observe import observe
from spikeatlas.tasks.stages.screen import screen
from spikeatlas.tasks.stages.train import record_training, train_network
from spikeatlas.tasks.workers import models, stopping
from tests.equal import differences
from tests.equal import read as read_atlas
from tests.tiny import build, comparing, tiny


def again_from_the_start(checked: Checked, raw: dict[str, Any]) -> Checked:
    """A new atlas of a study, made with the same generator, classifier and checkpoints."""
    fresh = checked.study.output.with_name("fresh")
    shutil.copytree(checked.study.output, fresh, ignore=shutil.ignore_patterns("atlas.zarr"))
    return build({**raw, "output": str(fresh)})


def layer(checked: Checked, name: str) -> xr.Dataset:
    return open_tree(checked.run.atlas).layer(name).load()


def diagonal(found: xr.Dataset) -> xr.DataArray:
    """Answers of each epoch's network to its own images (epoch, neuron, search, repeat)."""
    rows = xr.DataArray(range(found.sizes["epoch"]), dims="epoch")
    return found.cross_response.isel(epoch=rows, stimulus_epoch=rows).drop_vars("stimulus_epoch")


def alive(found: xr.Dataset) -> xr.DataArray:
    return settled(found.status) & (found.status != SILENT)


@pytest.mark.parametrize("name", ["conv2", "fc1"])
def test_each_network_answers_its_own_images_as_stored(compared: Checked, name: str) -> None:
    found = layer(compared, name)

    np.testing.assert_array_equal(diagonal(found).values, found.response.where(alive(found)).values)
    assert alive(found).any()


def test_with_a_warm_start_the_cold_images_are_shown(varied: Checked) -> None:
    found = layer(varied, "conv2")

    np.testing.assert_array_equal(
        diagonal(found).values, found.cold_response.where(has_mei(found)).values
    )
    assert (found.lane == 1).any()  # somewhere mei itself is the warm lane's


def test_a_stochastic_coding_answers_the_same_again(tmp_path: Path) -> None:
    raw = tiny(
        tmp_path / "run",
        network={"coding": "poisson"},
        search={"methods": ["random"], "repeats": 1, "presentations": 2},
        probe={"layers": ["conv2"], "neurons": 3},
    )

    found = layer(build(raw), "conv2")

    np.testing.assert_array_equal(diagonal(found).values, found.response.where(alive(found)).values)


def test_other_epochs_networks_answer_as_if_shown_the_image(compared: Checked) -> None:
    run = compared.run
    for name in run.layers:
        found = layer(compared, name)
        shown = found.mei.sel(epoch=1, search="random").isel(repeat=2)
        respond = models.responder(run, 0, "report", {name: run.layers[name]})
        wanted = np.diagonal(respond(shown.values)[name])
        held = found.cross_response.sel(epoch=0, stimulus_epoch=1, search="random")
        there = alive(found).sel(epoch=1, search="random").isel(repeat=2).values
        np.testing.assert_array_equal(
            held.isel(repeat=2).values, np.where(there, wanted, np.nan).astype(np.float32)
        )


def test_where_there_is_no_image_there_is_no_answer(compared_copy: Checked) -> None:
    run = compared_copy.run
    root: Any = zarr.open_group(run.atlas, mode="r+")
    root["layers/conv2/status"][2, 3, 0, 0] = SILENT
    write.clear_epoch(run.atlas, 2)

    cross(run, 1)

    found = layer(compared_copy, "conv2").cross_response.sel(epoch=1).isel(search=0)
    assert np.isnan(found.sel(stimulus_epoch=2).isel(neuron=3, repeat=0))
    assert np.isfinite(found.sel(stimulus_epoch=2).isel(neuron=slice(0, 3), repeat=0)).any()
    # repeats that are planned at epoch 1 only
    assert np.isnan(found.sel(stimulus_epoch=[0, 2]).isel(repeat=[1, 2])).all()


def test_epochs_with_open_searches_wait(compared_copy: Checked) -> None:
    run = compared_copy.run
    assert to_show(run, 0) == []
    write.clear_epoch(run.atlas, 1)
    assert to_show(run, 0) == [1]

    root: Any = zarr.open_group(run.atlas, mode="r+")
    root["layers/conv2/status"][1, 0, 0, 0] = FAILED

    assert to_show(run, 0) == []


def test_stopped_between_two_epochs_it_goes_on_to_the_same(
    compared: Checked, compared_copy: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = compared_copy.run
    for epoch in run.epochs:
        write.clear_epoch(run.atlas, epoch)
    show = crossing.respond_to_meis
    shown: list[str] = []

    def until_asked(*arguments: Any) -> Any:
        shown.append(arguments[2])
        if len(shown) == 3:  # the first layer of the second epoch
            stopping.ask_to_stop()
        return show(*arguments)

    monkeypatch.setattr(crossing, "respond_to_meis", until_asked)
    try:
        with pytest.raises(InterruptedError, match="run the same command again"):
            cross(run, 0)
    finally:
        stopping.carry_on()
    assert to_show(run, 0) == [2]

    for epoch in run.epochs:
        cross(run, epoch)
        analyze(run, epoch)
    for epoch in run.epochs:
        know(run, epoch)

    assert shown.count("conv2") == 3 * 3
    assert differences(compared.run.atlas, run.atlas) == []


def test_a_later_epoch_is_compared_with_the_old_ones_alone(
    compared_copy: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the atlas ends as one that had the epoch from the start."""
    before = layer(compared_copy, "conv2")
    raw = comparing(compared_copy.study.output, probe={"epochs": [0, 0.5, 1, 2]})
    grown = check(raw)
    run = allocate(grown.run, grown.layout, grown.data, grown.source)
    root: Any = zarr.open_group(run.atlas, mode="r")
    assert root["cross/crossed"][:].tolist() == [
        [1, 0, 1, 1], [0, 0, 0, 0], [1, 0, 1, 1], [1, 0, 1, 1],
    ]  # fmt: skip
    train_network(run)
    record_training(run)
    observe(run, 0.5)
    show_blanks(run, 0.5)
    screen(run, 0.5)
    for block in run.blocks(0.5):
        maximize(run, *block)
    analyze(run, 0.5)
    written: list[tuple[float, float]] = []
    store = write.write_cross

    def listed(path: Path, epoch: float, other: float, found: Any) -> None:
        written.append((epoch, other))
        store(path, epoch, other, found)

    monkeypatch.setattr(write, "write_cross", listed)
    for epoch in run.epochs:
        cross(run, epoch)
    for epoch in run.epochs:
        know(run, epoch)
    conclude(run.atlas)

    new = {(0.5, e) for e in (0, 0.5, 1, 2)} | {(e, 0.5) for e in (0, 1, 2)}
    assert sorted(written) == sorted(new)
    after = layer(grown, "conv2")
    kept = after.sel(epoch=[0, 1, 2], stimulus_epoch=[0, 1, 2])
    xr.testing.assert_identical(kept.cross_response, before.cross_response)
    fresh = again_from_the_start(grown, raw)
    assert differences(fresh.run.atlas, run.atlas) == []


def test_ablation_is_not_undone_by_new_searches(compared_copy: Checked) -> None:
    run = compared_copy.run
    write.clear_epoch(run.atlas, 2)

    assert read.flagged(run.atlas, ABLATED, 2)
    assert not read.flagged(run.atlas, ANALYSED, 2)
    before = read_atlas(run.atlas)["/importance/ablation"].load()
    ablate(run, 2)
    xr.testing.assert_identical(read_atlas(run.atlas)["/importance/ablation"].load(), before)
