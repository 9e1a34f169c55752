"""More repeats at some epochs: the others say that they plan none, and may have them later."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.cost import blocks_to_search
from spikeatlas.snn.training import read_header
from spikeatlas.tasks.atlas import ANALYSED, UNPLANNED, open_tree, read, unfinished, write
from spikeatlas.tasks.atlas.allocate import allocate, repeats_to_add
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.compare import compare_methods
from spikeatlas.tasks.inspect.info import describe
from spikeatlas.tasks.inspect.neurons import Selection, read_neurons, save_image
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.report import key_figures, read_summary, write_report
from spikeatlas.tasks.stages.analyze import analyze
from spikeatlas.tasks.stages.conclude import conclude
from spikeatlas.tasks.stages.cross import cross
from spikeatlas.tasks.stages.know import know
from spikeatlas.tasks.stages.maximize import fill_up, maximize
from spikeatlas.tasks.stages.train import record_training, train_network
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import StudyError
from tests.equal import differences
from tests.tiny import build, comparing


def layer(checked: Checked, name: str = "conv2") -> xr.Dataset:
    return open_tree(checked.run.atlas).layer(name).load()


def test_repeats_are_those_of_the_epoch(compared: Checked) -> None:
    run = compared.run

    assert [run.repeats(epoch) for epoch in run.epochs] == [1, 3, 1]
    assert run.search.most_repeats == 3


@pytest.mark.parametrize("name", ["conv2", "fc1"])
def test_further_repeats_stand_at_those_epochs_alone(compared: Checked, name: str) -> None:
    found = layer(compared, name)
    unplanned = found.status == UNPLANNED

    assert unplanned.sel(epoch=[0, 2]).isel(repeat=[1, 2]).all()
    assert not unplanned.isel(repeat=0).any()
    assert not unplanned.sel(epoch=1).any()
    for variable in ("response", "search_response", "history", "seconds"):
        assert found[variable].where(unplanned).isnull().all(), variable
    assert (found.seed.where(unplanned, 0) == 0).all()
    assert (found.images_shown.where(unplanned, 0) == 0).all()
    assert (found.mei.where(unplanned, 0) == 0).all()
    assert found.seed.sel(epoch=1).isel(repeat=2).min() > 0


def test_what_a_study_plans_is_done(compared: Checked) -> None:
    run = compared.run

    assert [b for e in run.epochs for b in unfinished(run.atlas, run.blocks(e))] == []
    assert blocks_to_search(run) == []


def test_a_repeat_is_the_same_however_many_there_are(compared: Checked, tmp_path: Path) -> None:
    """The first repeats of an epoch with three are those of a study with one."""
    raw = comparing(tmp_path / "run", search={"repeats_at": None})
    one = build({**raw, "probe": {"epochs": [1], "layers": ["conv2"]}, "analysis": {}})

    xr.testing.assert_equal(
        layer(one).sel(epoch=1).isel(repeat=0).mei,
        layer(compared).sel(epoch=1).isel(repeat=0).mei,
    )


def test_info_verify_report_and_compare_know_them(compared: Checked, tmp_path: Path) -> None:
    run = run_of_atlas(compared.run.atlas)
    neurons = sum(map(len, run.layers.values()))

    verdict = verify(run)
    assert verdict.sound, verdict.problems
    assert verdict.checked == neurons * (1 + 3 + 1)
    assert verdict.counts["unplanned"] == neurons * (2 + 0 + 2)
    assert f"{neurons * 4} unplanned" in verdict.summary

    (line,) = [line for line in describe(run.atlas).splitlines() if " fc1 " in line]
    assert line.split("│")[4:11][-1].strip() == str(8 * 4)  # the last state

    summary = read_summary(run.atlas)
    assert summary.reached == 2
    for shown in summary.layers:
        assert shown.settled.all()
        assert (shown.repeat[[0, 2]] == 0).all()
        assert np.isfinite(shown.response).all()
    write_report(run.atlas, tmp_path / "report")
    assert "unplanned" not in (tmp_path / "report" / "index.html").read_text()
    assert "unplanned" not in key_figures(read_summary(run.atlas))

    rows = [line.split("│") for line in compare_methods(run.atlas, "random", "random").splitlines()]
    counted = {(row[1].strip(), row[2].strip()): row[3].strip() for row in rows if len(row) > 5}
    assert counted["conv2", "0"] == counted["conv2", "2"] == "6"


def test_a_picture_of_one_is_refused(compared: Checked, tmp_path: Path) -> None:
    found = read_neurons(compared.run.atlas, Selection(2, "conv2", 0, "random", 1))

    assert found.frame.status.tolist() == ["unplanned"]
    with pytest.raises(ValueError, match=r"repeat 1 is not planned at epoch 2.*repeats_at"):
        save_image(found, tmp_path / "mei.png")


def with_more(checked: Checked) -> Checked:
    """The study that repeats at epoch 2 too, in the same folder."""
    return check(comparing(checked.study.output, search={"repeats_at": {1: 3, 2: 3}}))


def go_on(run: Run) -> None:
    """What the flow does after ``allocate``."""
    train_network(run)
    record_training(run)
    for epoch in run.epochs:
        open_blocks = unfinished(run.atlas, run.blocks(epoch))
        if open_blocks:
            write.clear_epoch(run.atlas, epoch)
        for block in open_blocks:
            maximize(run, *block)
        if not read.flagged(run.atlas, ANALYSED, epoch):
            analyze(run, epoch)
    for epoch in run.epochs:
        cross(run, epoch)
    for epoch in run.epochs:
        know(run, epoch)
    conclude(run.atlas)


def test_an_epoch_that_gets_repeats_later_is_filled_up(
    compared_copy: Checked, tmp_path: Path
) -> None:
    before = layer(compared_copy)
    headers = [
        read_header(path).study
        for path in sorted(compared_copy.run.checkpoints.glob("*.safetensors"))
    ]
    more = with_more(compared_copy)
    wanted = more.run.blocks(2)
    assert blocks_to_search(more.run) == wanted == repeats_to_add(more.run)

    run = allocate(more.run, more.layout, more.data, more.source)

    assert unfinished(run.atlas, [b for e in run.epochs for b in run.blocks(e)]) == wanted
    assert not read.flagged(run.atlas, ANALYSED, 2)
    assert verify(run_of_atlas(run.atlas)).problems == []
    go_on(run)
    after = layer(more)
    assert not (after.status.sel(epoch=2) == UNPLANNED).any()
    assert (after.status.sel(epoch=0).isel(repeat=[1, 2]) == UNPLANNED).all()
    xr.testing.assert_equal(after.mei.isel(repeat=0), before.mei.isel(repeat=0))
    # the checkpoints are those that were probed before
    assert headers == [
        read_header(path).study for path in sorted(run.checkpoints.glob("*.safetensors"))
    ]
    assert verify(run_of_atlas(run.atlas)).sound
    shutil.copytree(
        run.folder, tmp_path / "fresh", ignore=shutil.ignore_patterns("atlas.zarr", "checkpoints")
    )
    fresh = build(comparing(tmp_path / "fresh", search={"repeats_at": {1: 3, 2: 3}}))
    told = differences(fresh.run.atlas, run.atlas)
    # what was trained under another study's name has another digest
    assert told == ["/progress/checkpoint_digest"]


def test_with_them_the_atlas_goes_on_as_before(compared_copy: Checked) -> None:
    """Its study is then the larger one, which the smaller is part of."""
    more = with_more(compared_copy)
    run = allocate(more.run, more.layout, more.data, more.source)

    again = check(comparing(compared_copy.study.output))

    assert (
        allocate(again.run, again.layout, again.data, again.source).digest
        == run.digest
        == compared_copy.run.digest
    )
    assert run_of_atlas(run.atlas).search.repeats_at == {1: 3, 2: 3}
    assert repeats_to_add(again.run) == []


def test_more_repeats_than_there_is_room_for_are_refused(compared_copy: Checked) -> None:
    with pytest.raises(StudyError) as caught:
        check(comparing(compared_copy.study.output, search={"repeats_at": {1: 4}}))

    (told,) = caught.value.problems
    assert "search.repeats_at (most) is 4 now, 3 in the atlas" in told
    assert "--fresh" in told


def test_ablation_of_further_epochs_goes_on_in_the_same_atlas(compared_copy: Checked) -> None:
    more = check(comparing(compared_copy.study.output, analysis={"ablation": [1]}))

    run = allocate(more.run, more.layout, more.data, more.source)

    assert list(run.analysis.ablation) == [1]
    assert list(run_of_atlas(run.atlas).analysis.ablation) == [0, 1, 2]


def test_an_atlas_that_ablates_stays_one(compared_copy: Checked) -> None:
    with pytest.raises(StudyError, match=r'analysis\.ablation is "none" now, "some" in the atlas'):
        check(comparing(compared_copy.study.output, analysis={"ablation": [], "importance": []}))


def test_filling_up_marks_what_is_not_there() -> None:
    arrays: dict[str, NDArray[Any]] = {
        "status": np.ones((2, 1, 1), np.uint8), "seed": np.ones((2, 1, 1), np.int64),
        "response": np.ones((2, 1, 1), np.float32), "latent": np.ones((2, 1, 1, 3), np.float32),
        "mei": np.ones((2, 1, 1, 1, 4, 4), np.uint8),
    }  # fmt: skip

    found = fill_up(arrays, 3)

    for name, values in found.items():
        assert values.dtype == arrays[name].dtype
        np.testing.assert_array_equal(values[:, :, :1], arrays[name])
    assert (found["status"][:, :, 1:] == UNPLANNED).all()
    assert (found["seed"][:, :, 1:] == 0).all()
    assert np.isnan(found["response"][:, :, 1:]).all()
    assert (found["latent"][:, :, 1:] == 0).all()  # as an empty atlas holds
    assert (found["mei"][:, :, 1:] == 0).all()
