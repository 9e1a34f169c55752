"""A study of the most and the least exciting images of neurons that fire in both directions."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.cost import count_images
from spikeatlas.tasks.analysis.drift import drift
from spikeatlas.tasks.analysis.tables import KINDS
from spikeatlas.tasks.atlas import (
    DONE,
    PENDING,
    SATURATED,
    integrity,
    of_sign,
    open_tree,
    path_of,
    unfinished,
)
from spikeatlas.tasks.inspect.compare import compare_methods
from spikeatlas.tasks.inspect.info import describe
from spikeatlas.tasks.inspect.neurons import Selection, read_neurons
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.report import read_summary
from spikeatlas.tasks.stages.conclude import report_claims
from spikeatlas.tasks.stages.maximize import maximize
from tests.tiny import atlas_folder, both_ends, build, built, least_exciting, search_alone, tiny

LABELS = ["screened", "screened-least"]
STORED = (
    "mei",
    "latent",
    "response",
    "search_response",
    "history",
    "images_shown",
    "seed",
    "status",
)


@pytest.fixture(scope="module")
def signed(shared: Path) -> Checked:
    """The finished study: read only."""
    return built(shared / "signed", both_ends)


def searches(checked: Checked, layer: str = "fc1") -> xr.Dataset:
    with open_tree(checked.run.atlas) as tree:
        return tree.layer(layer, "layers", "image", "latent", "history").load()


def test_each_entry_of_the_axis_knows_its_sign(signed: Checked) -> None:
    store = xr.open_datatree(atlas_folder(signed), engine="zarr", consolidated=False)
    for path in ("layers/fc1", "image/fc1", "cross/fc1", "meis"):
        group = store[path].to_dataset()
        assert group["search"].values.tolist() == LABELS
        assert group["search_sign"].values.tolist() == [1, -1]
    answers = searches(signed).response
    assert float(answers.min()) < 0 < float(answers.max())


@pytest.mark.parametrize("sign", [1, -1])
def test_the_entries_of_a_sign_are_those_of_a_study_of_it_alone(signed: Checked, sign: int) -> None:
    alone = signed.run.with_fields(search=replace(signed.run.search, sign=1 if sign > 0 else -1))
    # warm searches of the least exciting images start from what an atlas of theirs alone would hold elsewhere
    for epoch in signed.run.epochs if sign > 0 else (0,):
        block = signed.run.blocks(epoch)[-1]
        stored = of_sign(searches(signed, block.layer).sel(epoch=epoch), sign)
        rows = stored.isel(neuron=slice(block.start, block.stop))
        arrays = search_alone(alone, block, "screened")
        for name in STORED:
            one = rows[name].isel(search=0).transpose("neuron", "repeat", ...)
            np.testing.assert_array_equal(arrays[name], one.values, err_msg=name)


def test_the_most_exciting_image_stands_for_a_neuron(signed: Checked) -> None:
    with open_tree(signed.run.atlas) as tree:
        table = tree["neurons"].load()
        best = {layer: tree[f"best/{layer}"].load() for layer in tree.layers}
    for layer, rows in best.items():
        most = of_sign(searches(signed, layer), 1).response.max(("search", "repeat"))
        np.testing.assert_array_equal(rows.response, most)
        assert set(rows.best_search.values.ravel()) <= set(LABELS[:1])
        known = rows.best_known.values
        assert (known >= rows.response.values).all()
    assert set(table.best_search.values.ravel()) <= set(LABELS[:1])


def test_the_least_exciting_images_end_at_the_bottom(signed: Checked) -> None:
    group = of_sign(searches(signed), -1)
    assert (group.history.diff("images") <= 0).all()
    ends = group.response.values == -1
    assert ends.any()
    assert (group.status.values[ends] == SATURATED).all()


def test_it_is_replayed_and_goes_on_after_a_kill(signed: Checked, tmp_path: Path) -> None:
    verdict = verify(signed.run)
    assert verdict.sound, verdict.problems
    shutil.copytree(signed.study.output, tmp_path / "run")
    again = check(both_ends(tmp_path / "run")).run
    block = again.blocks(2)[-1]
    before = searches(signed, block.layer)
    status = zarr.open_group(again.atlas, mode="r+")[path_of("status", block.layer)]
    status[1, block.start : block.stop] = np.uint8(PENDING)  # type: ignore[index]
    assert unfinished(again.atlas, again.blocks(2)) == [block]
    maximize(again, *block)
    with open_tree(again.atlas) as tree:
        after = tree.layer(block.layer, "layers", "image", "latent", "history").load()
    xr.testing.assert_equal(after.drop_vars("seconds"), before.drop_vars("seconds"))
    assert integrity.epoch_damage(again.atlas, 2) == []
    assert verify(again).sound


def test_questions_are_about_the_most_exciting_images_if_nothing_else_is_asked(
    signed: Checked,
) -> None:
    place = Selection(2, "fc1", None, None, None)
    most = read_neurons(signed.run.atlas, place).frame
    least = read_neurons(signed.run.atlas, place._replace(method="screened-least")).frame
    group = searches(signed).sel(epoch=2)
    assert (
        most.response.tolist()
        == of_sign(group, 1).response.max(("search", "repeat")).values.tolist()
    )
    assert (
        least.response.tolist()
        == group.response.sel(search="screened-least").min("repeat").values.tolist()
    )
    assert set(least.method) == {"screened-least"}
    lines = describe(signed.run.atlas)
    assert "least" in lines
    assert "silenced" in compare_methods(signed.run.atlas, "screened-least", "screened-least")
    with pytest.raises(ValueError, match="one looked for the most, the other for the least"):
        compare_methods(signed.run.atlas, "screened", "screened-least")


def test_drift_is_of_the_most_exciting_images(signed: Checked) -> None:
    with open_tree(signed.run.atlas) as tree:
        group = tree.layer("fc1", "layers", "image", "latent")
        for kind in KINDS[:3]:
            xr.testing.assert_identical(drift(group, kind), drift(of_sign(group, 1), kind))


def test_shares_of_a_sum_are_undefined_and_what_ranks_responses_stands(signed: Checked) -> None:
    with open_tree(signed.run.atlas) as tree:
        table = tree["selectivity"].sel(epoch=2).load()
        sparseness = tree["progress/layers"].population_sparseness.sel(epoch=2).values
    for name in ("class_selectivity_index", "lifetime_sparseness", "hoyer_sparseness", "csi_null"):
        assert table[name].isnull().all(), name
    assert "or may be" in table.class_selectivity_index.attrs["comment"]
    for name in ("auc", "d_prime", "mutual_information", "selective_p"):
        assert table[name].notnull().any(), name
    assert (table.preferred_class >= 0).any()
    assert np.isnan(sparseness).all()


def test_claims_say_why_nothing_is_selective(signed: Checked, tmp_path: Path) -> None:
    shutil.copytree(atlas_folder(signed), tmp_path / "atlas.zarr")
    told = report_claims([tmp_path / "atlas.zarr"])
    (reasons,) = (part for part in told if isinstance(part, str) and "early_selectivity" in part)
    assert reasons.count("responses of conv2, fc1 may be below 0") == 1


def test_an_image_that_is_answered_with_nothing_is_an_image_where_something_is_below(
    signed: Checked,
) -> None:
    group = searches(signed)
    with open_tree(signed.run.atlas) as tree:
        lanes = tree["image/fc1"].cold_mei.load()
        crossed = tree["cross/fc1"].cross_response.load()
    nothing = (group.cold_response == 0) & (group.search_sign > 0) & (group.status == DONE)
    assert nothing.any()
    assert (lanes.max(("channel", "y", "x")).values[nothing.values] > 0).all()
    own = np.stack([crossed.values[row, row] for row in range(crossed.sizes["epoch"])])
    np.testing.assert_array_equal(own[nothing.values], 0)


def test_a_lane_without_its_image_as_earlier_versions_left_it_is_no_damage(
    signed: Checked, tmp_path: Path
) -> None:
    shutil.copytree(signed.study.output, tmp_path / "run")
    run = check(both_ends(tmp_path / "run")).run
    group = searches(signed)
    nothing = ((group.cold_response == 0) & (group.search_sign > 0)).values
    images: Any = zarr.open_group(run.atlas, mode="r+")["image/fc1/cold_mei"]
    images[...] = np.where(nothing[..., None, None, None], np.uint8(0), images[...])
    assert verify(run).sound


def test_twice_the_images_are_planned(tmp_path: Path) -> None:
    one, two = (check(tiny(tmp_path / "run", search={"sign": sign})) for sign in (1, "both"))
    blocks = [
        [block for epoch in (0, 2) for block in checked.run.blocks(epoch)] for checked in (one, two)
    ]
    single, double = (
        count_images(checked, some) for checked, some in zip((one, two), blocks, strict=True)
    )
    assert (double.search, double.cross) == (2 * single.search, 2 * single.cross)
    assert double.screening == single.screening
    assert sum(map(two.run.images, blocks[1])) == double.search
    assert two.run.digest != one.run.digest
    assert json.loads(one.study.model_dump_json())["search"]["sign"] == 1


def test_the_summary_of_the_pages_holds_both(signed: Checked) -> None:
    summary = read_summary(signed.run.atlas)
    layer = summary.layers[1]
    assert summary.sign == 1
    assert layer.least is not None
    group = searches(signed)
    np.testing.assert_array_equal(
        layer.least.response, of_sign(group, -1).response.min(("search", "repeat")).values
    )
    assert (layer.least.response <= layer.response).all()
    assert (layer.least.place >= 2).all()


def test_spikes_of_one_sign_have_both_images_as_well(tmp_path: Path) -> None:
    made = build(
        tiny(
            tmp_path / "run",
            network={"threshold": 0.4},
            probe={"epochs": [0], "layers": ["fc1"]},
            training={"epochs": 0},
            search={"methods": ["random"], "sign": "both", "diverse": 1, "repeats": 1},
            analysis={"images": 60},
        )
    )
    group = searches(made)
    assert group["search"].values.tolist() == ["random", "random-least"]
    silenced = (group.response == 0) & (group.search_sign < 0) & (group.status == DONE)
    assert silenced.any()
    assert (group.mei.max(("channel", "y", "x")).where(silenced, 1) > 0).all()
    assert verify(made.run).sound


def test_what_looked_for_what_is_asked_of_xarray(signed: Checked) -> None:
    store = xr.open_datatree(atlas_folder(signed), engine="zarr", consolidated=False)
    least = store["layers/fc1"].to_dataset().query(search="search_sign < 0")
    assert least["search"].values.tolist() == ["screened-least"]


@pytest.mark.parametrize("sign", [1, -1])
def test_an_atlas_of_one_sign_says_it_of_each_search_when_it_is_read(
    copied: Checked, sign: int
) -> None:
    if sign < 0:
        least_exciting(copied)
    assert "layers/fc1/search_sign" not in zarr.open_group(copied.run.atlas, mode="r")
    with open_tree(copied.run.atlas) as tree:
        assert tree["layers/fc1"].search_sign.values.tolist() == [sign, sign]
        assert "search_sign" not in tree["natural/fc1"].coords
