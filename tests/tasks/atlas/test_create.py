"""Chunks of an atlas are aligned with units of work."""

from __future__ import annotations

from typing import Any

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import (
    open_store,
)


def test_a_chunk_is_a_block_in_every_array_with_methods(made: Checked) -> None:
    root = open_store(made.run.atlas)
    for layer in made.run.layers:
        group: Any = root[f"layers/{layer}"]
        for name, array in group.arrays():
            dims = array.metadata.dimension_names
            if "method" in dims and len(dims) > 1 and "stimulus_epoch" not in dims:
                assert array.chunks[:2] == (1, 4), name
                assert array.chunks[2:] == array.shape[2:], name


def test_a_chunk_is_a_unit_of_work_in_every_array_of_the_analysis(compared: Checked) -> None:
    root: Any = open_store(compared.run.atlas)
    for group in ("natural", "population", "ablation", "selectivity"):
        for name, array in root[group].arrays():
            if "epoch" in array.metadata.dimension_names and array.ndim > 1:
                assert array.chunks == (1, *array.shape[1:]), f"{group}/{name}"
    for layer in compared.run.layers:
        array = root[f"layers/{layer}/cross_response"]
        assert array.chunks == (1, 1, *array.shape[2:])
    assert root["cross/crossed"].chunks == (1, 1)
