"""Values of the nodes of a graph, all time steps folded into the rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Floats = npt.NDArray[np.float32]


class Value(NamedTuple):
    """A node's value for some images."""

    tensor: Tensor
    """(T n, ...), step after step; or (n, ...) if it is the same at every step."""
    timed: bool
    shared: bool = False
    """True for a tensor of the module's own: it has no rows, and is the same for all images and steps."""

    def steps(self, time_steps: int) -> int:
        """Steps that it holds: ``time_steps``, or 1."""
        return time_steps if self.timed else 1


def channels_last(tensor: Tensor) -> bool:
    """Return True for maps whose channels lie closest in memory, and that would be others in torch's own layout."""
    if tensor.dim() != 4 or tensor.is_contiguous():
        return False
    return tensor.is_contiguous(memory_format=torch.channels_last)


def in_layout(tensor: Tensor, *, last: bool) -> Tensor:
    """Return a tensor whose channels lie closest in memory, or in torch's own layout."""
    if last and tensor.dim() == 4:
        return tensor.contiguous(memory_format=torch.channels_last)
    return tensor.contiguous()


def rows_of(tensor: Tensor, *, last: bool) -> Floats:
    """Return (n, features) of a tensor (n, ...), in the order of a layout: a view, if it has that layout."""
    laid = in_layout(tensor, last=last)
    flat = laid.movedim(1, -1) if last and laid.dim() == 4 else laid
    rows: Floats = flat.reshape(len(flat), -1).detach().numpy()
    return rows


def from_rows(rows: Floats, shape: tuple[int, ...], *, last: bool) -> Tensor:
    """Return (n, *shape) of rows in the order of a layout: a view."""
    tensor = torch.from_numpy(rows)
    if last and len(shape) == 3:
        channels, height, width = shape
        return tensor.reshape(-1, height, width, channels).movedim(3, 1)
    return tensor.reshape(-1, *shape)


def repeated(value: Value, time_steps: int) -> Tensor:
    """Return a constant value at every step, (T n, ...)."""
    if value.timed:
        return value.tensor
    return value.tensor.repeat(time_steps, *(1,) * (value.tensor.dim() - 1))
