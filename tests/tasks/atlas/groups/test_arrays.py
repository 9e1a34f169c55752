"""The arrays of an atlas, as its groups say."""

from __future__ import annotations

import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import (
    open_store,
    size_of,
)


def test_the_size_is_known_beforehand(made: Checked) -> None:
    planned = size_of(made.layout)
    held = sum(array.nbytes for array in arrays(open_store(made.run.atlas)))

    assert 0.8 * planned <= held <= 1.5 * planned


def arrays(group: zarr.Group) -> list[zarr.Array]:  # type: ignore[type-arg]
    return [array for _, array in group.members(max_depth=None) if isinstance(array, zarr.Array)]
