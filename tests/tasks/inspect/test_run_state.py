from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import FAILED, stamp
from spikeatlas.tasks.inspect.run_state import read_state
from tests.tiny import atlas_folder


def test_a_failed_search_is_counted_and_each_commit_moves_the_stamp(
    made: Checked, tmp_path: Path
) -> None:
    atlas = tmp_path / "atlas.zarr"
    shutil.copytree(atlas_folder(made), atlas)
    state, before = read_state(atlas), stamp(atlas)
    assert (state.done, state.epochs, state.failed, state.data) == (2, 2, 0, "digits")
    assert state.neurons == made.layout.neurons
    status = next(iter(sorted((atlas / "layers").glob("*/status"))))
    zarr.open_array(status, mode="r+")[0, 0, 0, 0] = FAILED
    assert read_state(atlas).failed == 1
    assert stamp(atlas).text != before.text
    assert stamp(atlas).changed >= before.changed


def test_what_is_no_atlas_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no atlas"):
        read_state(tmp_path / "atlas.zarr")
