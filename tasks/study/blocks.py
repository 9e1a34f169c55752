"""Blocks: the neurons that one task searches for together."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import NamedTuple

LARGEST_BLOCK = 64
"""Neurons of one task when ``search.neurons_per_task`` is ``auto``: a task's work then dwarfs its
overhead (measured: 12 ms a task on threads against seconds of search)."""


class Block(NamedTuple):
    """The neurons that one task owns: rows ``start`` to ``stop`` (exclusive) of a layer's probed ones."""

    epoch: float
    layer: str
    start: int
    stop: int


def block_size(neurons: int, neurons_per_task: int | str) -> int:
    """Return the neurons of a task for a layer with so many probed ``neurons``."""
    if neurons_per_task != "auto":
        return min(int(neurons_per_task), neurons)
    blocks = -(-neurons // LARGEST_BLOCK)
    return -(-neurons // blocks)


def epoch_blocks(
    epoch: float, layers: Mapping[str, Sized], neurons_per_task: int | str
) -> list[Block]:
    """Return the blocks of one epoch, the dearest layers first, so that workers finish together."""
    return [
        Block(epoch, layer, start, min(start + size, len(neurons)))
        for layer, neurons in reversed(list(layers.items()))
        for size in [block_size(len(neurons), neurons_per_task)]
        for start in range(0, len(neurons), size)
    ]
