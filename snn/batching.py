"""Batches of one fixed size.

Torch picks other kernels for other batch sizes, and they round differently: a stimulus would
depend on how many others travelled with it. So everything that must replay exactly runs on padded
batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)


def padded_batches(
    array: npt.NDArray[Scalar], size: int
) -> Iterator[tuple[npt.NDArray[Scalar], int]]:
    """Cut ``array`` (n, ...) into batches (size, ...), the last padded by repeating its last row.

    Yields pairs (batch, count): the first ``count`` rows are real. Nothing for an empty array; full
    batches are views of ``array``. ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError(f"batch_size is {size}: it must be at least 1.")
    for start in range(0, len(array), size):
        batch = array[start : start + size]
        count = len(batch)
        if count < size:
            batch = np.concatenate([batch, np.repeat(batch[-1:], size - count, axis=0)])
        yield batch, count
