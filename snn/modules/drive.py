"""Ways in which images are put into a module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

DriveKind = Literal["image", "steps", "frames", "batch_frames"]
FoldKind = Literal["time", "batch"]


DRIVES = {
    "image": "an image, once",
    "steps": "an image at each time step",
    "frames": "all time steps at once, (T, n, ...)",
    "batch_frames": "all time steps at once, (n, T, ...)",
}
"""What a module of each kind is shown, for a reader."""


@dataclass(frozen=True)
class ModuleDrive:
    """A module's input: its form, and the time steps of a showing."""

    kind: DriveKind
    """``image``: called once with (n, c, h, w); ``steps``: called T times; ``frames``: called once with
    (T, n, c, h, w); ``batch_frames``: with (n, T, c, h, w)."""
    time_steps: int | None = None
    """T; None for what knows no time."""

    @property
    def calls(self) -> int:
        """Calls of the module in a showing."""
        return self.time_steps or 1 if self.kind == "steps" else 1

    def require_shown(self, frames: int) -> None:
        """Raise ValueError for so many frames of a module that takes one image and loops over time inside."""
        if self.kind == "image" and frames > 1:
            raise ValueError(
                f"the module is called once with an image, and cannot be shown {frames} frames: write one that "
                "takes a step a call, or frames (T, n, ...), and say so in network.input."
            )

    def inputs(self, frames: Tensor) -> Iterator[Tensor]:
        """Yield the input of each call, for normalised frames (T, n, c, h, w), or (1, n, c, h, w) if constant.

        Each is a tensor of its own: a module may write into it. ValueError for frames of a module that takes one
        image and loops over time inside.
        """
        self.require_shown(len(frames))
        if self.kind in {"image", "steps"}:
            for step in range(self.calls):
                yield frames[step if len(frames) > 1 else 0].clone()
            return
        sequence = frames.expand(self.time_steps or 1, *frames.shape[1:])
        ordered = sequence if self.kind == "frames" else sequence.transpose(0, 1)
        yield ordered.clone(memory_format=torch.contiguous_format)


@dataclass(frozen=True)
class OutputShape:
    """Axes of a module's output: time, images, channels and a channel's map."""

    steps: int
    """Time steps in one output."""
    axis: int
    """Of the images; steps may be folded into it."""
    inner: bool
    """True where time stands behind the images: (n, T, channels, ...)."""
    channels: int
    """Neurons."""
    map: tuple[int, ...]
    """Of a neuron, () for a unit; (1, positions) for positions in a row, such as tokens."""
    fold: FoldKind = "time"
    """Order of what is folded into the images' axis: all images of the first step first, or all steps of the first image."""

    last: bool = field(default=False, repr=False)
    """True where neurons stand behind their positions: (n, tokens, features)."""
    ahead: bool = field(default=False, repr=False)
    """True where positions stand before the images: (tokens, n, features)."""

    # the two are no part of its text, which is part of the digest of networks that have neither

    @property
    def channel_axis(self) -> int:
        """Axis of the neurons in the output."""
        return -1 if self.last else self.axis + 1 + self.inner

    def frames(self, output: Tensor, images: int) -> Tensor:
        """Outputs (steps, images, channels, ...) of an output as the module has it. ValueError for another shape."""
        frames = _with_neurons(self._unfolded(output), last=self.last)
        if frames.shape != (self.steps, images, self.channels, *self.map):
            raise ValueError(
                f"a module's output has the shape {tuple(output.shape)} for {images} images, another than in its "
                f"trial ({self.steps} steps of {self.channels} neurons of map {self.map})."
            )
        return frames

    def _unfolded(self, output: Tensor) -> Tensor:
        if self.ahead:
            return output.transpose(0, 1)[None]
        if self.axis == 1:
            return output
        if self.inner:
            return output.transpose(0, 1)
        if self.steps == 1 or len(output) % self.steps:
            return output[None]
        if self.fold == "time":
            return output.unflatten(0, (self.steps, -1))
        return output.unflatten(0, (-1, self.steps)).transpose(0, 1)


def _with_neurons(frames: Tensor, *, last: bool) -> Tensor:
    """Return outputs (steps, images, ...) with their neurons third, and positions in a row as a map of one row."""
    if frames.dim() == 2:
        # a module may return one number for an image
        return frames[..., None]
    if last:
        frames = frames.movedim(-1, 2)
    return frames[:, :, :, None] if frames.dim() == 4 else frames


def output_shape(
    two: tuple[int, ...], three: tuple[int, ...], drive: ModuleDrive, *, last: bool = False
) -> OutputShape | None:
    """Tell the axes of outputs for two and for three images: the axis that grows is theirs; None where none does.

    Steps are folded into it where it grows by more than 1 an image; an axis before it is time. ``last``: neurons
    stand on the last axis.
    """
    changes = [axis for axis, (a, b) in enumerate(zip(two, three, strict=False)) if a != b]
    if len(two) != len(three) or len(changes) != 1 or changes[0] > 1:
        return None
    axis = changes[0]
    growth = three[axis] - two[axis]
    if two[axis] != 2 * growth or (axis == 1 and growth != 1):
        return None
    rest = two[axis + 1 :]
    inner = drive.kind == "batch_frames" and axis == 0 and growth == 1
    inner = inner and len(rest) > 1 and rest[0] == drive.time_steps
    steps = rest[0] if inner else (two[0] if axis else growth)
    rest = rest[1:] if inner else rest
    last = last and len(rest) > 1
    channels, places = (rest[-1], rest[:-1]) if last else (rest[0] if rest else 1, rest[1:])
    map_ = (1, *places) if len(places) == 1 else tuple(places)
    return OutputShape(steps, axis, inner, channels, map_, last=last)


def as_positions(shape: OutputShape) -> OutputShape:
    """Return a shape whose steps are positions, (tokens, n, features): those of a module that knows no time."""
    if shape.axis == 0 or shape.map:
        return shape
    return replace(shape, steps=1, map=(1, shape.steps), last=True, ahead=True)


def first_tensor(output: object) -> Tensor | None:
    """Return a module's output, or the first tensor of several (of a dict in its order); None where there is none."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, Mapping):
        return first_tensor(list(output.values()))
    if isinstance(output, list | tuple):
        return next((item for item in output if isinstance(item, Tensor)), None)
    return None
