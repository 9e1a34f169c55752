"""Whether two atlases hold the same: every variable and label but what is not of the results."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import store_of
from spikeatlas.tasks.study.location import Place

OTHER = {"seconds", "metadata_digest"}
"""Times, and what depends on how the arrays are cut into chunks."""


def differences(first: Place, second: Place) -> list[str]:
    """The paths of all variables that differ, by value or by presence."""
    a, b = read(first), read(second)
    found = [f"group {group}" for group in set(a) ^ set(b)]
    for group in set(a) & set(b):
        one, two = a[group], b[group]
        found += [f"{group}/{name}" for name in set(one.variables) ^ set(two.variables)]
        shared = (set(one.variables) & set(two.variables)) - OTHER
        found += [
            f"{group}/{name}" for name in shared if not _same(one[name].values, two[name].values)
        ]
    return sorted(found)


def read(path: Place) -> dict[str, xr.Dataset]:
    """Every group of an atlas by its path."""
    return xr.open_groups(store_of(path), engine="zarr", consolidated=False)


def _same(one: NDArray[Any], two: NDArray[Any]) -> bool:
    floats = one.dtype.kind == "f"
    return one.shape == two.shape and np.array_equal(one, two, equal_nan=floats)
