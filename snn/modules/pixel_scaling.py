"""Pixels as a module gets them: normalised as in its training, or as spike trains at their rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.coding import CODINGS, Coding, CodingKey, Presentation


@dataclass(frozen=True, eq=False)
class PixelScaling:
    """(pixels/255 - mean) / std of each channel, or Poisson spike trains."""

    mean: Tensor
    """float32 (c,)."""
    std: Tensor
    """float32 (c,), > 0."""
    coding: Coding = "current"

    def normalise(self, images: NDArray[np.uint8]) -> Tensor:
        """Float32 (n, c, h, w) of images uint8 (n, c, h, w)."""
        pixels = torch.from_numpy(np.ascontiguousarray(images)).to(torch.float32) / 255
        return (pixels - self.mean[:, None, None]) / self.std[:, None, None]

    def frames(
        self, images: NDArray[np.uint8], key: CodingKey | None, time_steps: int | None
    ) -> Tensor:
        """Frames (1, n, c, h, w) of a constant input, or (T, n, c, h, w) of spikes, which need a key.

        Sequences uint8 (n, F, c, h, w) become (T, n, c, h, w), every frame for T / F steps. ValueError where T is no
        multiple of F.
        """
        coding = CODINGS[self.coding]
        if coding.stochastic and (key is None or time_steps is None):
            raise ValueError(
                f"coding {self.coding} needs a CodingKey that says which random numbers to draw."
            )
        presentation = Presentation(
            np.ascontiguousarray(images),
            lambda pixels: self.normalise(pixels.numpy()),
            time_steps or 1,
            key,
        )
        return coding.encode(presentation)


def pixel_scaling(
    mean: Sequence[float], std: Sequence[float], channels: int, coding: Coding = "current"
) -> PixelScaling:
    """Return the scaling of images of so many channels; one number stands for all of them.

    ValueError for another number of values than channels.
    """
    return PixelScaling(_values("mean", mean, channels), _values("std", std, channels), coding)


def _values(name: str, values: Sequence[float], channels: int) -> Tensor:
    if len(values) not in {1, channels}:
        raise ValueError(
            f"network.normalise.{name} has {len(values)} values, but the images have {channels} channels: give one for "
            "each, or one for all."
        )
    return torch.tensor(values, dtype=torch.float32).expand(channels)
