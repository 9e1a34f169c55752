"""The axis of time in a forward's input: one step of it read off, or a sequence made of an image."""

from __future__ import annotations

import operator
from typing import Any

from torch import fx


def step_of_input(node: fx.Node, axis: int) -> int | None:
    """Return the step k that ``x[k]`` reads, or ``x[:, k]`` if time is axis 1; None for another node."""
    if node.target is not operator.getitem:
        return None
    source, index = node.args
    if not isinstance(source, fx.Node) or source.op != "placeholder":
        return None
    if axis == 1:
        pair = isinstance(index, tuple) and len(index) == 2 and index[0] == slice(None)
        index = index[1] if pair and isinstance(index, tuple) else None
    return index if isinstance(index, int) else None


def makes_sequence(node: fx.Node) -> bool:
    """Return True for what only adds, repeats or moves the axis of time of a sequence (T, n, c, h, w).

    That is ``unsqueeze(0)`` and ``repeat(T, 1, 1, 1, 1)``, or an exchange of the first two axes.
    """
    if node.op not in ("call_method", "call_function"):
        return False
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    rest: Any = node.args[1:]
    numbers = list(rest[0] if rest and isinstance(rest[0], tuple | list) else rest)
    match name:
        case "unsqueeze":
            return numbers == [0]
        case "repeat" | "expand":
            return len(numbers) == 5 and all(size in (1, -1) for size in numbers[1:])
        case "transpose" | "permute":
            return numbers in ([0, 1], [1, 0], [1, 0, 2, 3, 4])
    return False
