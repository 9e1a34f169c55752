"""A chain as a subject, for tests of what wraps subjects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.layer_info import LayerInfo, spike_unit
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder import Responder
from spikeatlas.snn.subjects import Neurons, Progress, Respond, Showing, Source, Subject
from tests.snn.responder.small import network, positions

KEY = CodingKey(0, "c", "report")


class _Respond:
    def __init__(self, respond: Responder) -> None:
        self._respond = respond

    def __call__(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        return self._respond(images)

    def describe(self) -> list[str]:
        return self._respond.plan.describe()


class ChainSubject(Subject):
    """A small network; silenced neurons are those with weights of 0 and a bias of -1000."""

    def __init__(self, net: SpikingNetwork, dead: tuple[tuple[str, int], ...] = ()) -> None:
        self.net, self.dead = net, dead
        side = {name: int(positions(net, name) ** 0.5) for name in net.layers}
        maps = {name: () if name in ("fc1", "out") else (side[name],) * 2 for name in net.layers}
        self.input_shape = net.input_shape
        self.time_steps, self.classes = net.time_steps, net.classes
        self.layers = {
            name: LayerInfo(size, maps[name], spike_unit(net.time_steps, maps[name]))
            for name, size in net.sizes.items()
        }

    def responder(self, neurons: Neurons, showing: Showing) -> Respond:
        return _Respond(
            Responder(
                self.net,
                list(neurons),
                neurons=neurons,
                batch_size=showing.batch_size,
                key=showing.key,
                presentations=showing.presentations,
                kind=showing.kind,
                memory=showing.memory,
                reading=showing.reading,
                unit=showing.unit,
            )
        )

    def scores(self, images: NDArray[np.uint8], showing: Showing) -> NDArray[np.float64]:
        inputs = encode(self.net, images, showing.key)
        counts: NDArray[np.float64] = self.net.scores(self.net(inputs)).detach().double().numpy()
        return counts + sum(1000 * (1 + neuron) for _, neuron in self.dead)

    def silenced(self, layer: str, neuron: int) -> Subject:
        return ChainSubject(self.net, (*self.dead, (layer, neuron)))


class ChainSource(Source):
    """One epoch of a small network."""

    def __init__(self, **fields: Any) -> None:
        self.subject = ChainSubject(network(**fields))
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
