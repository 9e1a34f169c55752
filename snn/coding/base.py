"""The contract of codings: images to a network's input over time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from spikeatlas.snn.coding.coding_key import CodingKey

Images = npt.NDArray[np.uint8]
STILL = 4
"""Axes of a batch of images (n, c, h, w); sequences of frames have one more, (n, F, c, h, w)."""


class Presentation(NamedTuple):
    """Images on their way into a network."""

    images: Images
    """uint8 (n, c, h, w), or (n, F, c, h, w)."""
    normalise: Callable[[Tensor], Tensor]
    """Float32 of uint8, as the network was trained with."""
    time_steps: int
    key: CodingKey | None
    """Of the random numbers; only a stochastic coding asks for it."""


class ImageCoding(ABC):
    """A coding; what it declares is what may be made of it, and how fast."""

    constant: ClassVar[bool] = False
    """True where all steps of a still image are the same, and one stands for them."""
    stochastic: ClassVar[bool] = False
    """True where it draws random numbers: one image is another input at each showing."""
    binary: ClassVar[bool] = False
    """True where inputs are 0 and 1."""
    signed: ClassVar[bool] = False
    """True where inputs may be below 0."""
    ternary: ClassVar[bool] = False
    """True where inputs are -1, 0 and 1."""
    pulse: ClassVar[bool] = False
    """True where a still image is there at the first step alone, normalised, and 0 at all others."""
    of_pixels: ClassVar[bool] = False
    """True where it takes pixels/255 for rates, as they are; False where it takes them normalised."""

    @abstractmethod
    def encode(self, presentation: Presentation) -> Tensor:
        """Float32 (T, n, c, h, w), or (1, n, c, h, w) where that is constant.

        An input at a step does not change with the number of steps that follow. ``presentation.key`` is there where
        the coding is stochastic. ValueError where T is no multiple of the frames of sequences.
        """


def frame_numbers(frames: int, time_steps: int) -> npt.NDArray[np.int64]:
    """Return the frame, from 0, that each step shows. ValueError where steps are no multiple of the frames."""
    if frames < 1 or time_steps % frames:
        raise ValueError(
            f"time_steps is {time_steps}, and the data are sequences of {frames} frames: it must be a multiple of "
            f"{frames}, so that every frame is shown for as many steps."
        )
    return np.repeat(np.arange(frames), time_steps // frames)


def first_frames(stimuli: Images) -> Images:
    """Images (n, c, h, w) as they are; of sequences (n, F, c, h, w), their first frames."""
    return stimuli if stimuli.ndim == STILL else stimuli[:, 0]
