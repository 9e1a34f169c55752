"""The contract of importance: what each neuron counts for what its network does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass as plain_dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.registry import SPEC, Contract
from spikeatlas.snn.sentences import near
from spikeatlas.snn.subjects import Subject


@plain_dataclass(frozen=True)
class ImportanceSite:
    """The neurons that are measured, and what their subject does meanwhile."""

    subject: Subject
    images: NDArray[np.uint8]
    """(n, c, h, w), at least one."""
    labels: NDArray[np.int64]
    """(n,) classes of the images."""
    neurons: Mapping[str, Sequence[int]]
    """By layer."""
    key: CodingKey
    """For a stochastic coding."""

    def __post_init__(self) -> None:
        """Raise ValueError for no image, or another number of labels."""
        if not len(self.images) or len(self.images) != len(self.labels):
            raise ValueError(
                f"{len(self.images)} images with {len(self.labels)} labels: give at least one image, with one label each."
            )


@dataclass(frozen=True, config=SPEC)
class ImportanceSpec(Contract, ABC):
    """A measure of importance, as a study names it; a member adds its fields.

    It says its formula and the formula's source.
    """

    kind: str

    variable: ClassVar[str] = ""
    """Name of its array in the atlas."""
    long_name: ClassVar[str] = ""
    """The measure in a few words."""
    units: ClassVar[str] = "1"
    comment: ClassVar[str] = ""
    """All else that is to be said, with the range."""

    def problems(self, subject: Subject) -> list[str]:
        """Say in sentences what keeps it from being measured on such a subject."""
        del subject
        return []

    @property
    def showings(self) -> int:
        """Times that it shows an image to the network, a gradient counting as two more; to plan with."""
        return 0

    @abstractmethod
    def measure(self, site: ImportanceSite) -> dict[str, NDArray[np.float64]]:
        """Importance (neurons,) of the site's neurons, by layer, the larger the more important.

        ValueError for an unknown layer.
        """


class ImageImportanceSpec(ImportanceSpec, ABC):
    """A measure that is a mean over images, so that it is one of the images of each class, too."""

    @abstractmethod
    def measure_images(self, site: ImportanceSite) -> dict[str, NDArray[np.float64]]:
        """Importance (n, neurons) at each image; all else as ``measure``."""

    def measure(self, site: ImportanceSite) -> dict[str, NDArray[np.float64]]:
        """See ``ImportanceSpec``: the mean over images."""
        rows = self.measure_images(site)
        return {layer: values.mean(axis=0) for layer, values in rows.items()}


def class_means(
    values: NDArray[np.float64], labels: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Means (neurons, classes) of values (n, neurons) over the images of each class; NaN for a class without one."""
    means = np.full((values.shape[1], classes), np.nan)
    for label in np.unique(labels):
        means[:, label] = values[labels == label].mean(axis=0)
    return means


def instead(subject: Subject, others: Sequence[ImportanceSpec]) -> str:
    """Say, as the end of a sentence, what to name for a measure that cannot be had of a subject: what can."""
    # measures are had at the epochs of analysis.ablation alone
    if {"readout", "ablation"} & set(subject.lacks):
        return "leave analysis.importance out"
    names = [other.kind for other in others if not other.problems(subject)]
    return f"name {' or '.join([', '.join(names), 'ablation'] if names else ['ablation'])} instead"


def of_neurons(
    network: TrainableNetwork,
    values: Mapping[str, NDArray[np.float64]],
    neurons: Mapping[str, Sequence[int]],
) -> dict[str, NDArray[np.float64]]:
    """Values (..., neurons) of some neurons of some layers, out of those of all that a network has; 0 of one that was cut.

    ValueError for an unknown layer.
    """
    for layer in neurons:
        if layer not in values:
            raise ValueError(
                f"neurons names layer {layer!r}, but the network has {', '.join(values)}{near(layer, values)}."
            )
    numbers = network.numbers()
    return {
        layer: _of_layer(values[layer], numbers.get(layer), indices)
        for layer, indices in neurons.items()
    }


def _of_layer(
    values: NDArray[np.float64], numbers: Sequence[int] | None, indices: Sequence[int]
) -> NDArray[np.float64]:
    if numbers is None:
        return values[..., list(indices)]
    there = [number in numbers for number in indices]
    places = [numbers.index(number) for number in indices if number in numbers]
    whole = np.zeros((*values.shape[:-1], len(indices)))
    whole[..., there] = values[..., places]
    return whole
