"""Images and labels, once loaded."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import numpy.typing as npt


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Images and what they show."""

    images: npt.NDArray[np.uint8]
    """(n, c, h, w), or (n, F, c, h, w) of sequences of F frames; 0..255."""
    labels: npt.NDArray[np.int64]
    """(n,), 0..classes-1."""

    def __len__(self) -> int:
        return len(self.images)

    @property
    def stills(self) -> npt.NDArray[np.uint8]:
        """Images (n, c, h, w): of sequences, their first frames."""
        return self.images if self.images.ndim == 4 else self.images[:, 0]


@dataclasses.dataclass(frozen=True, eq=False)
class DataSet:
    """A training split, a test split and the names of the classes."""

    train: Split
    test: Split
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What was left out of it, or looks wrong, in phrases that a person reads."""

    @property
    def channels(self) -> int:
        """Colour channels: 1 or 3."""
        return int(self.train.images.shape[-3])

    @property
    def size(self) -> int:
        """Height of an image in pixels; pictures are as wide."""
        return int(self.train.images.shape[-2])

    @property
    def frames(self) -> int | None:
        """Frames of a sequence; None for still images."""
        images = self.train.images
        return None if images.ndim == 4 else int(images.shape[1])

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of an image, or of a frame."""
        channels, height, width = self.train.images.shape[-3:]
        return channels, height, width

    def digest(self) -> str:
        """Return the sha256, in hex, of all images and labels with their shapes."""
        total = hashlib.sha256()
        for split in (self.train, self.test):
            for array in (split.images, split.labels):
                total.update(f"{array.dtype.str}{array.shape}".encode())
                total.update(np.ascontiguousarray(array).data)
        return total.hexdigest()


def sequence_problem(data: DataSet, purpose: str) -> str | None:
    """Say in a sentence that sequences cannot serve a purpose that takes still images; None for still images."""
    if data.frames is None:
        return None
    return (
        f"the data are sequences of {data.frames} frames, but {purpose} takes still images: leave it out, or choose a "
        "data set of still images."
    )


def even_rows(labels: npt.NDArray[np.int64], limit: int | None) -> npt.NDArray[np.int64]:
    """Return ascending rows, at most ``limit``: every class gives its first, then its second, ...

    A class that runs out leaves its share to the others.
    """
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    turn = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        turn[rows] = np.arange(len(rows))
    return np.sort(np.lexsort((labels, turn))[:limit])


def take_evenly(split: Split, limit: int | None) -> Split:
    """Return the rows that even_rows chooses."""
    rows = even_rows(split.labels, limit)
    return Split(split.images[rows], split.labels[rows])
