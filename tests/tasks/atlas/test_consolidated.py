"""Consolidated metadata are there when nobody writes, whole and in order, and are never stale."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import AtlasError, consolidate, integrity, open_store, write
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.stages.conclude import conclude
from tests.tiny import atlas_folder


def consolidated(path: Path) -> dict[str, Any] | None:
    stored = json.loads((path / "zarr.json").read_text()).get("consolidated_metadata")
    return None if stored is None else stored["metadata"]


def test_an_atlas_opens_with_one_read_and_without_a_warning(copied: Checked) -> None:
    path = atlas_folder(copied)
    consolidate(path)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tree = xr.open_datatree(path)

    plain = xr.open_datatree(path, engine="zarr", consolidated=False)
    assert {*tree.groups} == {*plain.groups}
    for group in tree.groups:
        assert tree[group].to_dataset().identical(plain[group].to_dataset()), group
    nodes = consolidated(path)
    assert nodes is not None
    assert {*nodes} == {name for name, _ in zarr.open_group(path, mode="r", use_consolidated=False).members(None)}  # fmt: skip


def test_groups_and_variables_are_in_the_order_of_the_tables(copied: Checked) -> None:
    consolidate(copied.run.atlas)

    tree = xr.open_datatree(atlas_folder(copied))

    names = list(tree.children)
    assert names[:4] == ["progress", "neurons", "best", "layers"]
    assert names.index("natural") < names.index("screening") < names.index("selectivity")
    assert list(tree["layers"].children) == ["conv2", "fc1"]
    variables = list(tree["layers/fc1"].data_vars)
    assert variables[:3] == ["response", "search_response", "images_shown"]


WRITERS: dict[str, Callable[[Checked], object]] = {
    "a block": lambda made: write.mark_failed(made.run.atlas, made.run.blocks(0)[0]),
    "an attribute": lambda made: write.note(made.run.atlas, "", {"ended": ""}),
    "a group's": lambda made: write.note(made.run.atlas, "provenance", {"python": "3"}),
    "a mark": lambda made: write.clear_epoch(made.run.atlas, 0),
    "repeats": lambda made: write.plan_repeats(made.run.atlas, made.run.blocks(0)[0], 1),
    "conclusions": lambda made: conclude(made.run.atlas),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_takes_them_away_first(copied: Checked, writer: str) -> None:
    consolidate(copied.run.atlas)

    WRITERS[writer](copied)

    assert consolidated(atlas_folder(copied)) is None
    assert integrity.metadata_damage(copied.run.atlas) == []
    consolidate(copied.run.atlas)
    assert consolidated(atlas_folder(copied)) is not None
    assert integrity.metadata_damage(copied.run.atlas) == []


def test_a_writer_that_is_refused_has_taken_them_away(copied: Checked) -> None:
    """Rather none than stale ones: what is written after is not known beforehand."""
    consolidate(copied.run.atlas)
    block = copied.run.blocks(0)[0]

    with pytest.raises(AtlasError):
        write.write_block(copied.run.atlas, block, {"response": open_store(copied.run.atlas)["progress/epoch"][:]})  # type: ignore[index,dict-item]  # fmt: skip

    assert consolidated(atlas_folder(copied)) is None


def test_stale_ones_are_damage(copied: Checked) -> None:
    path = atlas_folder(copied)
    consolidate(path)
    assert verify(copied.run).sound
    whole = json.loads((path / "zarr.json").read_text())
    told = whole["consolidated_metadata"]["metadata"]
    told["layers/fc1/response"]["attributes"]["long_name"] = "something else"
    del told["neurons/response"]
    (path / "zarr.json").write_text(json.dumps(whole))

    verdict = verify(copied.run)

    assert not verdict.sound
    assert verdict.problems == [
        "consolidated metadata are not those of layers/fc1/response",
        "consolidated metadata are not those of neurons/response",
    ]


def test_it_can_be_read_all_the_while(copied: Checked) -> None:
    """Whoever opens it as a tutorial does gets all of it, whether somebody writes or has just ended."""
    path, done = atlas_folder(copied), threading.Event()
    errors: list[str] = []
    readings: list[bool] = []

    def read() -> None:
        while not done.is_set():
            try:
                with warnings.catch_warnings(), xr.open_datatree(path, engine="zarr") as tree:
                    warnings.simplefilter("ignore")
                    assert (tree["layers/fc1"].status.values > 0).all()
                    assert tree["training"].onset_epoch.shape == (14,)
                    readings.append("neurons" in tree.children)
            except Exception as error:  # noqa: BLE001 - any is a failure
                errors.append(repr(error))

    with warnings.catch_warnings():
        # of reading without consolidated metadata, in the other thread
        warnings.simplefilter("ignore")
        reader = threading.Thread(target=read)
        reader.start()
        while len(readings) < 8 and not errors:
            write.note(copied.run.atlas, "", {"ended": ""})
            conclude(copied.run.atlas)
            write.note(copied.run.atlas, "", {"ended": write.now()})
            consolidate(copied.run.atlas)
        done.set()
        reader.join()

    assert errors == []
    assert all(readings)
