"""Features: rows of numbers that a judge makes of images."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.floating[Any]]
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def check_pair(name: str, rows: Features, other: str, more: Features, *, least: int) -> None:
    """Raise ValueError unless both are finite features of one width."""
    check_rows(name, rows, least=least)
    check_rows(other, more, least=least)
    if rows.shape[1] != more.shape[1]:
        raise ValueError(
            f"{name} has {rows.shape[1]} features a row and {other} has {more.shape[1]}: give features "
            "of one judge."
        )


def check_rows(name: str, rows: Features, *, least: int) -> None:
    """Raise ValueError unless there are ``least`` rows of finite features."""
    if rows.ndim != 2 or rows.dtype.kind != "f" or len(rows) < least or not rows.shape[1]:
        raise ValueError(
            f"{name} is {rows.dtype} {rows.shape}: it must be an array of floats with at least {least} "
            "rows and one column."
        )
    if not np.isfinite(rows).all():
        raise ValueError(f"{name} holds numbers that are not finite: give finite ones.")
