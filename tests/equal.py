"""Whether two atlases hold the same: every variable and label but times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

TIMES = {"seconds"}


def differences(first: Path, second: Path) -> list[str]:
    """The paths of all variables that differ, by value or by presence."""
    a, b = (xr.open_datatree(path, engine="zarr", consolidated=False) for path in (first, second))
    found = [f"group {group}" for group in set(a.groups) ^ set(b.groups)]
    for group in set(a.groups) & set(b.groups):
        one, two = a[group].to_dataset(inherit=False), b[group].to_dataset(inherit=False)
        found += [f"{group}/{name}" for name in set(one.variables) ^ set(two.variables)]
        shared = (set(one.variables) & set(two.variables)) - TIMES
        found += [
            f"{group}/{name}" for name in shared if not _same(one[name].values, two[name].values)
        ]
    return sorted(found)


def _same(one: np.ndarray, two: np.ndarray) -> bool:  # type: ignore[type-arg]
    floats = one.dtype.kind == "f"
    return one.shape == two.shape and np.array_equal(one, two, equal_nan=floats)
