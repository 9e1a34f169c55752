"""Coding of images for a spiking network: as a constant current, or as Poisson spike trains."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Coding = Literal["current", "poisson"]
STILL = 4
"""Axes of a batch of images (n, c, h, w); sequences of frames have one more, (n, F, c, h, w)."""

# 2^32 - 1 = 255 * 16843009: a uniform 32-bit number lies below pixel * 16843009 with probability
# pixel/255, to 3e-10.
_UNIT = 16_843_009
_LARGEST = np.uint32(2**32 - 2)


@dataclasses.dataclass(frozen=True)
class CodingKey:
    """Key of the random numbers that a stochastic coding draws: one stream per stimulus and key.

    The same stimulus under the same key always gives the same spike train, whatever its batch,
    place or order; any other field gives an independent one.
    """

    seed: int
    """The study's seed."""
    checkpoint: str
    """Digest (or name) of the network."""
    purpose: str
    """Purpose of the response: search, elite, report, observe, screen, train, accuracy ..."""
    presentation: int = 0
    """Number of the showing; a mean over several runs on from here."""

    def shifted(self, presentations: int) -> CodingKey:
        """Return the key of a later presentation."""
        return dataclasses.replace(self, presentation=self.presentation + presentations)

    def generator(self, stimulus: bytes) -> np.random.Philox:
        """Return the counter-based generator of one stimulus, keyed by sha256 of everything."""
        key = json.dumps([self.seed, self.checkpoint, self.purpose, self.presentation])
        digest = hashlib.sha256(key.encode() + b"\0" + stimulus).digest()
        return np.random.Philox(key=int.from_bytes(digest[:16], "little"))


class Encodable(Protocol):
    """A network that images enter, each as its coding says."""

    @property
    def coding(self) -> Coding:
        """A constant current, or Poisson spike trains."""
        ...

    @property
    def time_steps(self) -> int:
        """Time steps of one showing."""
        ...

    def normalise(self, images: Tensor) -> Tensor:
        """Float32 (n, c, h, w) of uint8 images of that shape."""
        ...


def encode(
    network: Encodable,
    images: npt.NDArray[np.uint8],
    key: CodingKey | None = None,
    *,
    time_steps: int | None = None,
) -> Tensor:
    """Turn stimuli uint8 (n, c, h, w) into a network's float32 input over time.

    Coding "current": (1, n, c, h, w), the normalised images, the same at every step. Coding
    "poisson": (T, n, c, h, w) of 0 and 1, P(1) = pixel/255 independently at every step; ValueError
    without ``key``. ``time_steps``: T if not the network's own.

    Sequences of F frames, uint8 (n, F, c, h, w), become (T, n, c, h, w) in either coding: every frame is shown for
    T / F steps. ValueError where T is no multiple of F.
    """
    if network.coding == "current":
        inputs = network.normalise(torch.from_numpy(images))
        if images.ndim == STILL:
            return inputs[None]
        frames = frame_numbers(images.shape[1], time_steps or network.time_steps)
        return inputs[:, frames].transpose(0, 1)
    if key is None:
        raise ValueError(
            "key is missing: coding 'poisson' needs a CodingKey that says which random numbers to "
            "draw; give one, or use coding 'current'."
        )
    return torch.from_numpy(spike_trains(images, key, time_steps or network.time_steps))


def spike_trains(
    images: npt.NDArray[np.uint8], key: CodingKey, time_steps: int
) -> npt.NDArray[np.float32]:
    """Return Poisson spike trains (T, n, c, h, w) of 0 and 1 for stimuli uint8 (n, c, h, w) or (n, F, c, h, w)."""
    shape = images.shape[-3:]
    trains = np.empty((time_steps, len(images), *shape), np.float32)
    frames = None if images.ndim == STILL else frame_numbers(images.shape[1], time_steps)
    for index, image in enumerate(images):
        numbers = _uniform(key.generator(image.tobytes()), (time_steps, *shape))
        pixels = image if frames is None else image[frames]
        trains[:, index] = numbers < pixels * np.uint32(_UNIT)
    return trains


def first_frames(stimuli: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Images (n, c, h, w) as they are; of sequences (n, F, c, h, w), their first frames."""
    return stimuli if stimuli.ndim == STILL else stimuli[:, 0]


def frame_numbers(frames: int, time_steps: int) -> npt.NDArray[np.int64]:
    """Return the frame, from 0, that each step shows. ValueError where steps are no multiple of the frames."""
    if frames < 1 or time_steps % frames:
        raise ValueError(
            f"time_steps is {time_steps}, and the data are sequences of {frames} frames: it must be a multiple of "
            f"{frames}, so that every frame is shown for as many steps."
        )
    return np.repeat(np.arange(frames), time_steps // frames)


def _uniform(source: np.random.Philox, shape: tuple[int, ...]) -> npt.NDArray[np.uint32]:
    """32-bit numbers from the raw stream, which no numpy release changes (unlike Generator's)."""
    count = int(np.prod(shape))
    raw = source.random_raw((count + 1) // 2).astype("<u8", copy=False)
    # at 255 every number must count
    return np.minimum(raw.view("<u4")[:count], _LARGEST).reshape(shape)
