"""Natural images: the data sets that networks learn and generators imitate."""

from __future__ import annotations

from spikeatlas.snn.data.base import DataFields, DataSpec, load_data
from spikeatlas.snn.data.cifar10 import CIFAR10
from spikeatlas.snn.data.counts import count_words
from spikeatlas.snn.data.dataset import DataSet, Split, sequence_problem, take_evenly
from spikeatlas.snn.data.digits import Digits
from spikeatlas.snn.data.fashion_mnist import FashionMNIST
from spikeatlas.snn.data.folder import FolderImages
from spikeatlas.snn.data.image_choice import SMALLEST_CLASS, choose_images
from spikeatlas.snn.data.mnist import MNIST
from spikeatlas.snn.data.saccades import Saccades
from spikeatlas.snn.environments.observations import Observations
from spikeatlas.snn.registry import Family

DATASETS: Family[DataSpec] = Family(
    "data set",
    DataSpec,  # type: ignore[type-abstract]
    {
        "digits": Digits,
        "fashion_mnist": FashionMNIST,
        "mnist": MNIST,
        "cifar10": CIFAR10,
        "folder": FolderImages,
        "saccades": Saccades,
        "observations": Observations,
    },
    key="dataset",
    default="digits",
)
"""``data`` of a study."""

__all__ = [
    "CIFAR10",
    "DATASETS",
    "MNIST",
    "SMALLEST_CLASS",
    "DataFields",
    "DataSet",
    "DataSpec",
    "Digits",
    "FashionMNIST",
    "FolderImages",
    "Observations",
    "Saccades",
    "Split",
    "choose_images",
    "count_words",
    "load_data",
    "sequence_problem",
    "take_evenly",
]
