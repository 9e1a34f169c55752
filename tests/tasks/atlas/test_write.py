"""Nothing is cast silently, and what was not written whole does not count."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import (
    TRAINED,
    AtlasError,
    extend,
    open_store,
    unfinished,
    write,
)
from tests.tiny import atlas_folder


def made_block(checked: Checked):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return next(b for b in checked.run.blocks(0) if b.layer == "conv2" and b.start == 0)


def test_wrong_types_and_shapes_are_refused(copied: Checked) -> None:
    block = made_block(copied)
    root = open_store(copied.run.atlas)
    good = np.asarray(root["layers/conv2/response"][0, 0:4])  # type: ignore[index]
    for bad in (good.astype(np.float64), good[:2], good[..., 0]):
        with pytest.raises(AtlasError, match="layers/conv2/response takes float32"):
            write.write_block(copied.run.atlas, block, {"response": bad})


def test_failed_blocks_are_pending_again(copied: Checked) -> None:
    block = made_block(copied)
    assert unfinished(copied.run.atlas, copied.run.blocks(0)) == []

    write.mark_failed(copied.run.atlas, block)

    assert unfinished(copied.run.atlas, copied.run.blocks(0)) == [block]


def test_writes_go_to_the_tree_that_is_there(copied: Checked) -> None:
    """Arrays stay open from one write to the next, but not those of a tree that was replaced."""
    accuracy: Any = open_store(copied.run.atlas)["progress/accuracy"]
    first, second = np.array([0.25, 0.75], accuracy.dtype)
    held = copied.layout

    write.write_epoch(copied.run.atlas, 2, {"progress/accuracy": first}, TRAINED)
    extend(copied.run.atlas, held, replace(held, epochs=(0, 1, 2)))
    write.write_epoch(copied.run.atlas, 2, {"progress/accuracy": second}, TRAINED)

    grown = xr.open_datatree(atlas_folder(copied), engine="zarr", consolidated=False)
    assert grown["progress"].accuracy.sel(epoch=2) == second
    assert grown["progress"].accuracy.sel(epoch=1).isnull()


def test_a_write_that_fails_leaves_the_mark(copied: Checked) -> None:
    """All arrays of a block are filled at once; where one cannot be, its block is not done, and none is left to write."""
    block = made_block(copied)
    group = atlas_folder(copied) / "layers/conv2"
    arrays = {
        name: np.asarray(open_store(copied.run.atlas)[f"layers/conv2/{name}"][0, 0:4])  # type: ignore[index]
        for name in ("images_shown", "response", "status")
    }
    write.mark_failed(copied.run.atlas, block)
    shutil.rmtree(group / "response/c")
    (group / "response/c").touch()

    with pytest.raises(OSError, match="response"):
        write.write_block(
            copied.run.atlas, block, {**arrays, "images_shown": arrays["images_shown"] + 1}
        )

    assert unfinished(copied.run.atlas, [block]) == [block]
    held: Any = open_store(copied.run.atlas)["layers/conv2/images_shown"]
    np.testing.assert_array_equal(held[0, 0:4], arrays["images_shown"] + 1)
