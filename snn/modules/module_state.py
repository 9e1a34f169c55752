"""State of a module between calls: remembered, put back, and apart for each thread.

No library's own reset is used. snnTorch's ``utils.reset`` finds no nested neuron, or resets those of other networks
(snnTorch 1.0); SpikingJelly's starts at its reset value, which a user may not have started from.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterator, MutableSequence, MutableSet
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Restorer = Callable[[], None]


class ModuleState:
    """All that a module's attributes and buffers hold now: tensors, arrays, dicts, lists and sets, however nested.

    Its parameters are taken to stay as they are, and are not copied.
    """

    def __init__(self, module: nn.Module) -> None:
        self._restorers: list[Restorer] = []
        self._visits: set[int] = set()
        # what is remembered stays alive, so that no other object takes its id
        self._alive: list[object] = []
        for part in module.modules():
            self._remember(part)

    def restore(self) -> None:
        """Put everything back, in place: whoever holds the same dict or tensor sees it as it was."""
        for restorer in self._restorers:
            restorer()

    def _remember(self, value: object) -> None:
        if id(value) in self._visits or isinstance(value, nn.Parameter):
            return
        self._visits.add(id(value))
        self._alive.append(value)
        parts, restorer = _snapshot(value)
        for part in parts:
            self._remember(part)
        if restorer is not None:
            self._restorers.append(restorer)


@contextmanager
def unchanged(module: nn.Module) -> Iterator[None]:
    """Put the module's state back at the end, also after an exception."""
    state = ModuleState(module)
    try:
        yield
    finally:
        state.restore()


@torch.no_grad()
def copy_sharing_weights(module: nn.Module) -> nn.Module:
    """Return a copy with the same parameter tensors and a state of its own, for another thread."""
    shared: dict[int, Any] = {id(weight): weight for weight in module.parameters()}
    # torch refuses to copy a tensor with a history, such as a membrane of a call with gradients
    for part in module.modules():
        for value in (*vars(part).values(), *part._buffers.values()):  # noqa: SLF001 - torch's table
            if isinstance(value, Tensor) and not value.is_leaf:
                shared[id(value)] = value.detach().clone()
    return copy.deepcopy(module, shared)


def _snapshot(value: Any) -> tuple[list[object], Restorer | None]:
    """Return what a value holds, and what puts it back as it is now; None for what cannot change."""
    if isinstance(value, nn.Module):
        return [vars(value)], None
    if isinstance(value, dict):
        return list(value.values()), _dict_restorer(value)
    if isinstance(value, list | deque):
        return list(value), _list_restorer(value)
    if isinstance(value, tuple):
        return list(value), None
    return [], _leaf_restorer(value)


def _leaf_restorer(value: Any) -> Restorer | None:
    if isinstance(value, Tensor):
        return _tensor_restorer(value)
    if isinstance(value, np.ndarray):
        return _array_restorer(value)
    return _set_restorer(value) if isinstance(value, set) else None


def _tensor_restorer(tensor: Tensor) -> Restorer:
    before = tensor.detach().clone()

    def restore() -> None:
        if tensor.shape != before.shape or not torch.equal(tensor, before):
            # also where an operation in place has given it another shape
            tensor.data = before.clone()

    return restore


def _array_restorer(array: np.ndarray[Any, Any]) -> Restorer:
    before = array.copy()
    return lambda: array.__setitem__(..., before)


def _dict_restorer(table: dict[Any, Any]) -> Restorer:
    before = dict(table)

    def restore() -> None:
        table.clear()
        table.update(before)

    return restore


def _list_restorer(items: MutableSequence[Any]) -> Restorer:
    before = list(items)

    def restore() -> None:
        items.clear()
        items.extend(before)

    return restore


def _set_restorer(items: MutableSet[Any]) -> Restorer:
    before = set(items)

    def restore() -> None:
        items.clear()
        for item in before:
            items.add(item)

    return restore
