"""A chain as a subject, for tests of what wraps subjects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.subjects import ChainSubject, Progress, Showing, Source, Subject
from tests.snn.responder.small import network

KEY = CodingKey(0, "c", "report")


class MarkedChain(ChainSubject):
    """A small network whose scores tell which of its neurons are silent: 1000 for each, times one more than its number."""

    def __init__(self, net: SpikingNetwork, dead: tuple[tuple[str, int], ...] = ()) -> None:
        super().__init__(net)
        self.dead = dead

    def scores(self, images: NDArray[np.uint8], showing: Showing) -> NDArray[np.float64]:
        return super().scores(images, showing) + sum(1000 * (1 + neuron) for _, neuron in self.dead)

    def silenced(self, layer: str, neuron: int) -> MarkedChain:
        return MarkedChain(self.network, (*self.dead, (layer, neuron)))


class ChainSource(Source):
    """One epoch of a small network."""

    def __init__(self, **fields: Any) -> None:
        self.subject = MarkedChain(network(**fields))
        self.input_shape, self.layers = self.subject.input_shape, self.subject.layers
        self.time_steps, self.classes = self.subject.time_steps, self.subject.classes
        self.lacks = ("training",)

    def epochs(self) -> dict[float, Path | None]:
        return {0.0: None}

    def open(self, epoch: float) -> Subject:
        del epoch
        return self.subject

    def example(self) -> Subject:
        return self.subject

    def digest(self, epoch: float) -> str:
        del epoch
        return "d" * 64

    def progress(self, epoch: float) -> Progress:
        del epoch
        return Progress(step=3)

    def problems(self, epochs: Any) -> list[str]:
        del epochs
        return ["a problem"]

    def unreadable(self) -> dict[float, str]:
        return {1.0: "half"}
