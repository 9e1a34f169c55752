"""CIFAR-10."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.data.base import DataFields
from spikeatlas.snn.data.dataset import DataSet
from spikeatlas.snn.data.files.torchvision_files import read_torchvision
from spikeatlas.snn.registry import SPEC

_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


@dataclass(frozen=True, config=SPEC)
class CIFAR10(DataFields):
    """60,000 colour photographs of 32x32 pixels (Krizhevsky 2009)."""

    dataset: Literal["cifar10"] = "cifar10"
    """``cifar10``: torchvision's copy."""

    def load(self) -> DataSet:
        """Load the photographs."""
        train, test = (read_torchvision(self, "CIFAR10", train=train) for train in (True, False))
        return DataSet(train, test, _CLASSES)
