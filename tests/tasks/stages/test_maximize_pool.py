"""All neurons of an epoch searched together: one stream of images, the same bytes whatever was done before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import open_tree, path_of, unfinished, writable
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.search.block_probe import BlockProbe
from spikeatlas.tasks.search.warm_start import search_cold_and_warm
from spikeatlas.tasks.stages.maximize import maximize_epoch
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import built, tiny

POOL = {
    "methods": ["screened"], "budget": 40, "share": True, "pool": "epoch", "diverse": 2, "repeats": 2,
    "warm_start": True,
}  # fmt: skip


def pooled(output: Path) -> dict[str, Any]:
    return tiny(output, search=POOL)


@pytest.fixture(scope="module")
def epoch_pool(shared: Path) -> Checked:
    return built(shared / "pool", pooled)


def layers(checked: Checked) -> dict[str, xr.Dataset]:
    tree = open_tree(checked.run.atlas)
    return {name: tree.layer(name).drop_vars("seconds").load() for name in ("conv2", "fc1")}


def test_every_block_is_done_and_replays(epoch_pool: Checked) -> None:
    run = epoch_pool.run
    assert unfinished(run.atlas, run.blocks(2)) == []
    assert len(run.blocks(2)) > 2
    assert run.pools(2) == [run.blocks(2)]
    assert not verify(run).problems


def test_all_layers_share_one_stream_of_images_and_each_block_stores_its_part(
    epoch_pool: Checked,
) -> None:
    run = epoch_pool.run
    probe = BlockProbe(run, run.blocks(0))
    count = sum(map(len, probe.neurons.values()))
    (cold,) = search_cold_and_warm(probe, run.search.entries[0], (0,))

    assert cold.outcome.archive is not None
    points, _ = cold.outcome.archive.ranked(1)[0]
    # more than one neuron's budget, no more than all of them have
    assert 40 < len(points) <= 40 * count
    stored = layers(epoch_pool)
    for block, (rows, _) in zip(run.blocks(0), probe.parts, strict=True):
        there = stored[block.layer].isel(epoch=0, search=0, repeat=0)
        np.testing.assert_array_equal(
            there.response[block.start : block.stop], cold.of(rows).response
        )


def test_a_block_that_is_pending_comes_out_as_it_was(epoch_pool: Checked) -> None:
    run, before = epoch_pool.run, layers(epoch_pool)
    lost = next(block for block in run.blocks(2) if block.layer == "conv2")
    root = zarr.open_group(run.atlas, mode="r+")
    for name in ("status", "response", "latent"):
        array = writable(root[path_of(name, lost.layer)])
        array[1, lost.start : lost.stop] = 0
    assert unfinished(run.atlas, run.blocks(2)) == [lost]

    (counts,) = maximize_epoch(run, 2, [lost])

    assert sum(counts.values()) == lost.stop - lost.start
    for name, layer in layers(epoch_pool).items():
        xr.testing.assert_identical(layer, before[name])


def test_a_block_searched_alone_is_the_same_whatever_the_pool(epoch_pool: Checked) -> None:
    run = epoch_pool.run.with_fields(search=replace(epoch_pool.run.search, pool="block"))
    block = Block(0, "conv2", 0, 4)
    alone, pool = (
        search_cold_and_warm(BlockProbe(of, [block]), run.search.entries[0], (0,))[0]
        for of in (run, epoch_pool.run)
    )
    np.testing.assert_array_equal(alone.point, pool.point)
    assert run.pools(0) == [[each] for each in run.blocks(0)]


@pytest.mark.parametrize(
    "search",
    [
        {"naturalness": 0.3, "diverse": 0, "warm_start": False},
        {"response": "margin"},
        {"methods": [{"kind": "twin", "rounds": 2}], "diverse": 0},
        {"methods": [{"kind": "twin", "rounds": 2, "knows": "numbers"}], "diverse": 0},
    ],
)
def test_whatever_else_a_search_takes_into_account(
    epoch_pool: Checked, search: dict[str, Any], tmp_path: Path
) -> None:
    checked = check(tiny(tmp_path / "run", search={**POOL, **search}))
    run = epoch_pool.run.with_fields(search=checked.run.search)
    probe = BlockProbe(run, run.blocks(0))
    (cold,) = search_cold_and_warm(probe, run.search.entries[0], (0,))
    answers = probe.respond_own("report", cold.image[:, None])[:, 0]
    np.testing.assert_array_equal(cold.response, answers)
    assert (cold.response > 0).any()


def test_a_pool_that_shares_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        StudyError, match=r"search\.pool: epoch is who shares images, and search\.share is false"
    ):
        check(tiny(tmp_path / "run", search={"pool": "epoch"}))
