"""MNIST."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.data.base import DataFields
from spikeatlas.snn.data.dataset import DataSet
from spikeatlas.snn.data.files.idx import read_family
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class MNIST(DataFields):
    """70,000 handwritten figures of 28x28 pixels (LeCun et al. 1998)."""

    dataset: Literal["mnist"] = "mnist"
    """``mnist``: gzipped idx files in ``root`` if found, else torchvision's copy."""

    def load(self) -> DataSet:
        """Load the figures."""
        train, test = read_family(self, "MNIST", [self.root])
        return DataSet(train, test, tuple(str(figure) for figure in range(10)))
