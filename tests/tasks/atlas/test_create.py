"""Chunks of an atlas are aligned with units of work."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.training.methods.axis import TrainingAxis
from spikeatlas.tasks.atlas import TRAINING_VARIABLES, open_store
from spikeatlas.tasks.atlas.create import create
from spikeatlas.tasks.atlas.groups.arrays import SMALLEST


def test_a_chunk_is_a_block_in_every_array_with_methods(made: Checked) -> None:
    root = open_store(made.run.atlas)
    for layer in made.run.layers:
        for kind in ("layers", "image", "latent", "history"):
            group: Any = root[f"{kind}/{layer}"]
            for name, array in group.arrays():
                if array.ndim > 1:
                    assert array.chunks[:2] == (1, 4), name
                    assert array.chunks[2:] == array.shape[2:], name


def test_a_chunk_is_a_unit_of_work_in_every_array_of_the_analysis(compared: Checked) -> None:
    root: Any = open_store(compared.run.atlas)
    for group in ("natural_image/fc1", "progress/layers", "importance/ablation", "selectivity"):
        for name, array in root[group].arrays():
            if array.ndim > 1 and "epoch" in array.metadata.dimension_names:
                assert array.chunks == (1, *array.shape[1:]), f"{group}/{name}"
    for layer in compared.run.layers:
        array = root[f"cross/{layer}/cross_response"]
        assert array.chunks == (1, 1, *array.shape[2:])
    assert root["cross/crossed"].chunks == (1, 1)


def test_epochs_among_the_values_are_in_the_unit_of_their_axis(tmp_path: Path) -> None:
    stages = TrainingAxis("stage", "conversion stage", "1", "k: hidden layer k was just converted")
    path = tmp_path / "atlas.zarr"
    create(path, dataclasses.replace(SMALLEST, axis=stages), attributes={}, provenance={})
    root = zarr.open_group(path, mode="r")
    assert {array.attrs["units"] for name, array in root.arrays() if name == "epoch"} <= {"1"}
    units = {
        name: array.attrs["units"]
        for name, array in root.members(max_depth=None)
        if isinstance(array, zarr.Array) and array.attrs.get("units") == "epoch"
    }
    assert units == {}
    assert TRAINING_VARIABLES["onset_epoch"].attributes("step")["units"] == "step"
    assert TRAINING_VARIABLES["onset_epoch"].attributes()["units"] == "epoch"
