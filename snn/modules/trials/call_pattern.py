"""Calls of a module's layers in one call of the module, and the time steps that they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spikeatlas.snn.modules.drive import ModuleDrive, OutputShape, output_shape
from spikeatlas.snn.modules.trials.output_tree import part_of, tensor_keys


@dataclass(frozen=True)
class CallPattern:
    """A module's calls of its layers, and the drive that they tell."""

    drive: ModuleDrive
    events: tuple[str, ...]
    """Paths in order, in one call of the module."""
    shapes: tuple[OutputShape, ...]
    """Of each event's output."""
    timed: frozenset[str]
    """Paths that are called at every time step."""
    repeats: int
    """Repetitions of the pattern in one call of the module."""
    outputs: tuple[object, object]
    """Trees of shapes of what the module returns for 2 and for 3 images."""
    unsure: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Shapes for an image of the parts of which nothing says which axis is their neurons, by their paths."""

    def uses(self, path: str) -> int:
        """Calls of a path in one time step; all there are where it is not called at every one."""
        calls = self.events.count(path)
        return calls // self.repeats if calls % self.repeats == 0 else calls


def steps_in_call(pattern: CallPattern) -> int:
    """Outputs of the spiking layers in one call, over all of a single layer's uses, or by the smallest period."""
    timed = [path for path in pattern.events if path in pattern.timed]
    if not timed:
        return 1
    length = 1 if len(set(timed)) == 1 else period(timed)
    return len(timed) // length * steps_in_output(pattern)


def steps_in_output(pattern: CallPattern) -> int:
    """Time steps in one output of the spiking layers. ValueError where they differ."""
    steps = {
        path: shape.steps
        for path, shape in zip(pattern.events, pattern.shapes, strict=True)
        if path in pattern.timed
    }
    if len(set(steps.values())) != 1:
        counts = ", ".join(f"{path} {count}" for path, count in steps.items())
        raise ValueError(
            f"the module's layers have different numbers of time steps in one output ({counts}): name in "
            "network.layers only those that run over the same steps."
        )
    return next(iter(steps.values()))


def period(events: Sequence[str]) -> int:
    """Length of the shortest pattern whose repetition is ``events``."""
    return next(
        length
        for length in range(1, len(events) + 1)
        if len(events) % length == 0
        and list(events) == list(events[:length]) * (len(events) // length)
    )


def output_steps(pattern: CallPattern) -> int:
    """Time steps of the first tensor that the module returns; 1 where none has an axis of time."""
    first = next(tensor_keys(pattern.outputs[0]), ())
    two, three = (part_of(output, first) for output in pattern.outputs)
    if not isinstance(two, tuple) or not isinstance(three, tuple):
        return 1
    shape = output_shape(two, three, pattern.drive)
    return shape.steps if shape is not None else 1
