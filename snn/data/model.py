"""What a data set is: its choice in a study, and its images once loaded."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid", use_attribute_docstrings=True))
class DataSpec:
    """Which natural images."""

    dataset: Literal["digits", "fashion_mnist", "mnist", "cifar10", "folder"] = "digits"
    """Name of the data set; ``digits`` is embedded, ``folder`` reads root/train and root/test."""
    root: Path | None = None
    """Folder of the images (folder), or where the data set lies or is downloaded to (others)."""
    download: bool = False
    """Whether a missing data set may be downloaded into ``root``."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """At most that many training and as many test images, evenly over the classes (>= 1)."""

    @model_validator(mode="after")
    def _has_folder(self) -> DataSpec:
        if self.dataset == "folder" and self.root is None:
            raise ValueError(
                "data.root is missing: the data set 'folder' needs the folder that holds train and "
                "test."
            )
        return self


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Images and what they show."""

    images: npt.NDArray[np.uint8]
    """(n, c, h, w), 0..255."""
    labels: npt.NDArray[np.int64]
    """(n,), 0..classes-1."""

    def __len__(self) -> int:
        return len(self.images)


@dataclasses.dataclass(frozen=True, eq=False)
class DataSet:
    """A training split, a test split and the names of the classes."""

    train: Split
    test: Split
    classes: tuple[str, ...]

    @property
    def channels(self) -> int:
        """Colour channels: 1 or 3."""
        return int(self.train.images.shape[1])

    @property
    def size(self) -> int:
        """Height = width of an image in pixels."""
        return int(self.train.images.shape[2])

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of an image."""
        return self.channels, self.size, self.size

    def digest(self) -> str:
        """Return the sha256, in hex, of all images and labels with their shapes."""
        total = hashlib.sha256()
        for split in (self.train, self.test):
            for array in (split.images, split.labels):
                total.update(f"{array.dtype.str}{array.shape}".encode())
                total.update(np.ascontiguousarray(array).data)
        return total.hexdigest()


def even_rows(labels: npt.NDArray[np.int64], limit: int | None) -> npt.NDArray[np.int64]:
    """Return ascending rows, at most ``limit``: every class gives its first, then its second, ...

    A class that runs out leaves its share to the others.
    """
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    place = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        place[rows] = np.arange(len(rows))
    return np.sort(np.lexsort((labels, place))[:limit])


def take_evenly(split: Split, limit: int | None) -> Split:
    """Keep the rows that even_rows chooses."""
    rows = even_rows(split.labels, limit)
    return Split(split.images[rows], split.labels[rows])
