"""The contract of data sets: a section of a study that loads images and labels."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.data.dataset import DataSet, take_evenly
from spikeatlas.snn.data.sameness import dark_notes, plain_notes, require_pictures
from spikeatlas.snn.registry import SPEC, Contract, UserPath


class DataSpec(Contract, ABC):
    """A data set, as a study names it: a frozen pydantic dataclass with its own fields (``DataFields``)."""

    dataset: str
    root: UserPath | None = None
    download: bool = False
    limit: int | None = None

    def offline(self) -> DataSpec:
        """Return the same data set, which is never downloaded."""
        return self

    @abstractmethod
    def load(self) -> DataSet:
        """Load all images: uint8 (n, c, h, w), square, with int64 labels (n,), the same at every call.

        FileNotFoundError for a data set that is not there, saying how to get it; ValueError for damaged
        or ill-sorted files; ConnectionError for a download that fails.
        """


@dataclass(frozen=True, config=SPEC)
class DataFields(DataSpec, ABC):
    """A data set with the fields of every one built in."""

    dataset: str
    """Name of the data set."""
    root: UserPath | None = None
    """Folder of the images (folder), or where the data set lies or is downloaded to (others)."""
    download: bool = False
    """Whether a missing data set may be downloaded into ``root``."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """At most that many training and as many test images, evenly over the classes (>= 1)."""

    def offline(self) -> DataSpec:
        """Return the same data set, which is never downloaded."""
        return dataclasses.replace(self, download=False)


def load_data(spec: DataSpec) -> DataSet:
    """Load the images of ``spec``, as many as its limit leaves.

    Errors as ``DataSpec.load``; ValueError for a split whose images are all the same picture.
    """
    data = spec.load()
    splits = {
        "train": take_evenly(data.train, spec.limit),
        "test": take_evenly(data.test, spec.limit),
    }
    for name, split in splits.items():
        require_pictures(name, split)
    plain = [note for name, split in splits.items() for note in plain_notes(name, split)]
    notes = (*data.notes, *plain, *dark_notes(splits["train"]))
    return dataclasses.replace(data, train=splits["train"], test=splits["test"], notes=notes)
