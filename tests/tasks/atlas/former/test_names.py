"""Every array of version 1 has its place today."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.tasks.atlas import values
from spikeatlas.tasks.atlas.former.names import (
    FORMER_ARRAYS,
    FORMER_GROUPS,
    NEW_ARRAYS,
    former_paths,
)
from spikeatlas.tasks.atlas.former.renew import layout_today
from spikeatlas.tasks.atlas.groups import GROUPS
from spikeatlas.tasks.atlas.groups.arrays import arrays
from spikeatlas.tasks.atlas.open import open_as_is
from tests.former import WHOLE, unpack

LABELS = {
    *("epoch", "stimulus_epoch", "neuron", "layer", "index", "method", "repeat", "query", "class"),
    *("image", "label", "first", "neuron_conv2", "neuron_fc1"),
}
"""Those of version 1; today's are written from the layout."""


@pytest.mark.parametrize("version", WHOLE)
def test_nothing_is_left_behind(version: str, tmp_path: Path) -> None:
    old = open_as_is(unpack(version, tmp_path))
    layout = layout_today(old)
    moved = [place for array in arrays(layout) for place in former_paths(array, layout.layers)]

    assert len(moved) == len(set(moved))
    nodes = set(values(old, "provenance/node"))
    groups = {name for name, _ in old.groups()} | {f"layers/{layer}" for layer in layout.layers}
    rest = {node for node in nodes - set(moved) - groups if node.rpartition("/")[2] not in LABELS}
    assert rest == set()
    assert set(moved) <= nodes


def test_the_tables_name_groups_that_there_are() -> None:
    paths = {group.path for group in GROUPS}

    assert set(FORMER_GROUPS) <= paths
    assert {name.rpartition("/")[0] for name in (*FORMER_ARRAYS, *NEW_ARRAYS)} <= paths
