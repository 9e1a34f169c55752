"""Networks as graphs of one time step, and the faster exact ways that this opens for a user's module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from torch import Tensor, nn

from spikeatlas.snn.graph.lowered_way import FastWay
from spikeatlas.snn.graph.roll import Place, Roll
from spikeatlas.snn.graph.step_graph import NoGraphError, StepGraph
from spikeatlas.snn.graph.trace import private_copy, single_steps, traced

__all__ = ["Drive", "FastWay", "fast_way", "step_graph"]

Drive = Literal["image", "steps", "frames", "batch_frames"]
"""How a module is called: once with an image; T times with it; once with frames (T, n, ...), or (n, T, ...)."""


def step_graph(
    module: nn.Module, layers: Mapping[str, Place], *, drive: Drive, time_steps: int
) -> StepGraph:
    """Return one step of a module, down to some layers; see ``fast_way``. NoGraphError where it has none."""
    copy = private_copy(module)
    folded = single_steps(copy)
    graph = traced(copy)
    for part in copy.modules():
        # tensors are never changed in place here
        if getattr(part, "inplace", False):
            setattr(part, "inplace", False)  # noqa: B010 - a module's attribute, as far as types know
    once = folded or drive == "steps"
    roll = Roll(
        graph,
        copy,
        1 if once else time_steps,
        time_steps,
        frames=None if once or drive == "image" else ("frames", "batch_frames").index(drive),
        folded=folded,
    )
    return roll.rolled(layers)


def fast_way(
    module: nn.Module,
    layers: Mapping[str, Place],
    *,
    drive: Drive,
    time_steps: int,
    example: Tensor,
    mean: Sequence[float],
    std: Sequence[float],
) -> FastWay | str:
    """Return a faster way to the responses of a module's layers, or why there is none, in one line.

    ``module``: in evaluation, on the CPU; it is left as it is. ``layers``: path of each layer's neurons, and which of
    its uses within a step (from 1), shallow to deep. ``example``: float32 (2, c, h, w) normalised images; ``mean`` and
    ``std``: what they are normalised with, by channel: (pixels / 255 - mean) / std.
    """
    try:
        graph = step_graph(module, layers, drive=drive, time_steps=time_steps)
        return FastWay(graph, example, mean=mean, std=std)
    except NoGraphError as error:
        return str(error)
