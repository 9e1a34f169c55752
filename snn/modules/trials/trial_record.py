"""One call of a module, written down: which parts were called in which order, and the shapes of their outputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.drive import ModuleDrive, OutputShape, first_tensor, output_shape
from spikeatlas.snn.modules.module_state import unchanged
from spikeatlas.snn.modules.seeds import seeded
from spikeatlas.snn.modules.trials.neuron_axis import NeuronAxes, NeuronAxis
from spikeatlas.snn.modules.trials.output_tree import shape_tree


@dataclass
class CallRecord:
    """The parts that one call of a module called."""

    events: list[str] = field(default_factory=list)
    """Their paths, in order."""
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    """Shape of each event's output."""
    binary: dict[str, bool] = field(default_factory=dict)
    """By path, True where all outputs were 0 or 1 (or -1), and some not 0."""
    axes: list[NeuronAxis | None] = field(default_factory=list)
    """Axis of the neurons in each event's output; None where nothing says it."""
    output: object = None
    """Tree of shapes of what the call returned."""


@torch.no_grad()
def record_call(
    module: nn.Module, drive: ModuleDrive, frames: Tensor, paths: Iterable[str]
) -> CallRecord:
    """Call a module once with the first input of ``frames`` and write down its calls of ``paths``."""
    record, axes = CallRecord(), NeuronAxes()
    # of one module, hooks are called in the order in which they are put on it
    handles = [part.register_forward_hook(axes.note) for part in module.modules()]
    handles += [
        module.get_submodule(path).register_forward_hook(_writer(record, axes, path))
        for path in dict.fromkeys(paths)
    ]
    try:
        with unchanged(module), seeded(0):
            record.output = shape_tree(module(next(drive.inputs(frames))))
    finally:
        for handle in handles:
            handle.remove()
    return record


def event_shapes(two: CallRecord, three: CallRecord, drive: ModuleDrive) -> list[OutputShape] | str:
    """Shapes of the events of calls with two and with three images, or the reason why there are none."""
    if not two.events:
        return "it calls none of its layers"
    if two.events != three.events:
        return "it calls its layers more often for more images"
    rows = zip(two.events, two.shapes, three.shapes, two.axes, strict=True)
    shapes = []
    for path, small, large, axis in rows:
        shape = output_shape(small, large, drive, last=axis == "last")
        if shape is None:
            return f"the output of {path} has the shapes {small} and {large} for 2 and 3 images, with no axis of images"
        shapes.append(shape)
    return shapes


def unsure_paths(record: CallRecord, shapes: Sequence[OutputShape]) -> dict[str, tuple[int, ...]]:
    """Shapes for an image of the parts whose two axes nothing tells apart, by their paths; see ``NeuronAxes``."""
    unsure: dict[str, tuple[int, ...]] = {}
    for path, whole, shape, axis in zip(
        record.events, record.shapes, shapes, record.axes, strict=True
    ):
        rest = whole[shape.axis + 1 + shape.inner :]
        if len(rest) == 2 and axis is None:
            unsure[path] = rest
    return unsure


def is_binary(values: Tensor) -> bool:
    """Tell whether all values are spikes: 0, 1 or -1, and some not 0."""
    return bool(((values == 0) | (values.abs() == 1)).all() and values.any())


def _writer(record: CallRecord, axes: NeuronAxes, path: str) -> Any:
    def write(_module: nn.Module, _inputs: Any, output: Any) -> None:
        tensor = first_tensor(output)
        if tensor is None:
            raise ValueError(f"{path} returns no tensor, so it is no layer.")
        record.events.append(path)
        record.shapes.append(tuple(tensor.shape))
        record.axes.append(axes.latest)
        silent = not bool(tensor.any())
        if not silent:
            record.binary[path] = record.binary.get(path, True) and is_binary(tensor)

    return write
