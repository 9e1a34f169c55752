"""Fashion-MNIST."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.data.base import DataFields
from spikeatlas.snn.data.dataset import DataSet
from spikeatlas.snn.data.files.idx import read_family
from spikeatlas.snn.registry import SPEC

_DEBIAN = Path("/usr/share/datasets/fashion-mnist")
_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@dataclass(frozen=True, config=SPEC)
class FashionMNIST(DataFields):
    """70,000 pieces of clothing of 28x28 pixels (Xiao et al. 2017, arXiv 1708.07747)."""

    dataset: Literal["fashion_mnist"] = "fashion_mnist"
    """``fashion_mnist``: gzipped idx files in ``root`` or of Debian's package if found, else torchvision's copy."""

    def load(self) -> DataSet:
        """Load the clothes."""
        train, test = read_family(self, "FashionMNIST", [self.root, _DEBIAN])
        return DataSet(train, test, _CLASSES)
