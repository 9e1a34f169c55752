"""The dataset: committed by its mark, read with xarray alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from spikeatlas.tasks.atlas import AtlasError
from spikeatlas.tasks.benchmark import results_store

ARRAYS = {
    "neuron": np.array([3, 5], np.int32),
    "response": np.array([0.0, 0.0], np.float32),  # equal to the fill value, and stored
    "images": np.asarray(20),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    results_store.write(tmp_path / "b.zarr", "cells/one", ARRAYS, {"layer": "conv1"}, "digest")
    return tmp_path / "b.zarr"


def test_a_cell_is_done_for_its_digest_alone(path: Path) -> None:
    assert results_store.done(path, "cells/one")
    assert results_store.done(path, "cells/one", "digest")
    assert not results_store.done(path, "cells/one", "another")
    assert not results_store.done(path, "cells/two")


def test_xarray_reads_it(path: Path) -> None:
    tree = xr.open_datatree(path, engine="zarr", consolidated=False)
    found = tree["cells/one"]
    assert found.attrs["layer"] == "conv1"
    assert found.response.dims == ("neuron",)
    assert found.response.attrs["long_name"].startswith("response to the best stimulus")
    assert int(found.images) == 20


def test_a_kill_before_the_mark_leaves_the_cell_undone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = results_store.put

    def killed(group: zarr.Group, name: str, *rest: object) -> None:
        if name == "done":
            raise KeyboardInterrupt
        put(group, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(results_store, "put", killed)
    with pytest.raises(KeyboardInterrupt):
        results_store.write(path, "cells/one", ARRAYS, {}, "newer")
    monkeypatch.undo()

    assert not results_store.done(path, "cells/one")
    results_store.write(path, "cells/one", ARRAYS, {}, "newer")
    assert results_store.done(path, "cells/one", "newer")


def test_a_flipped_bit_raises(path: Path) -> None:
    chunk = path / "cells/one/neuron/c/0"
    content = bytearray(chunk.read_bytes())
    content[-6] ^= 1
    chunk.write_bytes(bytes(content))
    with pytest.raises((ValueError, RuntimeError)):
        results_store.values(path, "cells/one", "neuron")


def test_another_version_is_refused(path: Path) -> None:
    zarr.open_group(path, mode="r+").attrs["benchmark_version"] = 99
    with pytest.raises(AtlasError, match="version 99 of the benchmark, this is version 1: choose"):
        results_store.existing(path)


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no dataset"):
        results_store.existing(tmp_path / "none.zarr")
    (tmp_path / "some.zarr").mkdir()
    with pytest.raises(AtlasError, match="not a benchmark's dataset"):
        results_store.existing(tmp_path / "some.zarr")
