"""Means and quartiles that pass over values that are not known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def mean(values: Array, axes: int) -> Array:
    """Return the mean over the last ``axes`` axes of what is not NaN; NaN where nothing is."""
    flat = values.reshape(*values.shape[: values.ndim - axes], -1).astype(np.float64)
    numbers = ~np.isnan(flat)
    count: Array = numbers.sum(axis=-1)
    total: Array = np.where(numbers, flat, 0).sum(axis=-1)
    result: Array = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return result


def quartiles(values: Array) -> Array:
    """Return lower quartile, median and upper quartile (3, E) of the finite ones among values (E, N)."""
    rows = [row[np.isfinite(row)] for row in values]
    return np.array(
        [np.quantile(row, (0.25, 0.5, 0.75)) if row.size else (np.nan,) * 3 for row in rows]
    ).T
