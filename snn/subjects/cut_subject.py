"""A network of which units were cut, as a subject with all the units that it had before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.layer_info import LayerInfo, require_neurons
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects.base import (
    Images,
    Neurons,
    Respond,
    Responses,
    Scores,
    Subject,
)
from spikeatlas.snn.subjects.chain_subject import ChainSubject


class CutSubject(Subject):
    """A cut network; its units keep the numbers that they had, and those that are gone answer 0."""

    def __init__(self, subject: ChainSubject, sizes: Mapping[str, int]) -> None:
        """``sizes``: units of each layer before it was cut."""
        self._subject = subject
        self.input_shape, self.stochastic = subject.input_shape, subject.stochastic
        self.time_steps, self.classes = subject.time_steps, subject.classes
        self.step_scales = subject.step_scales
        self.layers = {
            name: LayerInfo(sizes[name], info.map, info.unit)
            for name, info in subject.layers.items()
        }
        self._places = _places(subject.network)
        gone = {
            name: tuple(sorted(set(range(sizes[name])) - places.keys()))
            for name, places in self._places.items()
        }
        self.cut = MappingProxyType({name: units for name, units in gone.items() if units})

    def check(self) -> None:
        """See ``Subject``."""
        self._subject.check()

    def differentiable(self) -> SpikingNetwork:
        """See ``Subject``: it tells by ``numbers`` which units it still has."""
        return self._subject.network

    def responder(self, neurons: Neurons, showing: Showing) -> Respond:
        """See ``Subject``."""
        places, there = self._split(neurons)
        return _CutResponder(self._subject.responder(places, showing), there)

    def drive_responder(self, neurons: Neurons, showing: Showing) -> Respond | None:
        """See ``Subject``: nothing drives a unit that is gone."""
        places, there = self._split(neurons)
        drive = self._subject.drive_responder(places, showing)
        return None if drive is None else _CutResponder(drive, there)

    def _split(self, neurons: Neurons) -> tuple[Neurons, Mapping[str, NDArray[np.bool_]]]:
        """Return the places of those units of each layer that are still there, and which these are."""
        for layer in neurons.keys() & self.cut.keys():
            require_neurons(layer, neurons[layer], self.layers[layer].neurons)
        there = {layer: self._has(layer, units) for layer, units in neurons.items()}
        # a layer has one unit at least, which answers where all that are asked for are gone
        places = {layer: self._there(layer, units) or [0] for layer, units in neurons.items()}
        return places, there

    def scores(self, images: Images, showing: Showing) -> Scores:
        """See ``Subject``."""
        return self._subject.scores(images, showing)

    def silenced(self, layer: str, neuron: int) -> Subject:
        """See ``Subject``: a unit that is gone is silent already."""
        if neuron in self.cut.get(layer, ()):
            return self
        place = self._places.get(layer, {}).get(neuron, neuron)
        sizes = {name: info.neurons for name, info in self.layers.items()}
        return CutSubject(self._subject.silenced(layer, place), sizes)

    def scores_without(
        self, images: Images, neurons: Neurons, showing: Showing
    ) -> dict[str, NDArray[np.float64]]:
        """See ``Subject``."""
        whole = self._subject.scores(images, showing)
        places = {layer: self._there(layer, units) for layer, units in neurons.items()}
        there = {layer: units for layer, units in places.items() if units}
        rows = self._subject.scores_without(images, there, showing) if there else {}
        scores = {
            layer: np.repeat(whole[None], len(units), axis=0) for layer, units in neurons.items()
        }
        for layer, values in rows.items():
            scores[layer][self._has(layer, neurons[layer])] = values
        return scores

    def _there(self, layer: str, units: Sequence[int]) -> list[int]:
        """Return the places of those units that are still there."""
        places = self._places.get(layer)
        return list(units) if places is None else [places[unit] for unit in units if unit in places]

    def _has(self, layer: str, units: Sequence[int]) -> NDArray[np.bool_]:
        """Tell of units (n,) which are still there."""
        gone = self.cut.get(layer, ())
        return np.array([unit not in gone for unit in units], dtype=bool)


class _CutResponder:
    """The responder of what is left of a network, with a 0 for each unit that is gone."""

    def __init__(self, respond: Respond, there: Mapping[str, NDArray[np.bool_]]) -> None:
        """``respond``: of the units that are ``there``, in their order, and of any one where there is none."""
        self._respond, self._there = respond, there

    def __call__(self, images: Images) -> Responses:
        """See ``Respond``."""
        answers, responses = self._respond(images), {}
        for layer, there in self._there.items():
            responses[layer] = np.zeros((len(images), len(there)), np.float32)
            responses[layer][:, there] = answers[layer][:, : there.sum()]
        return responses

    def describe(self) -> list[str]:
        """See ``Respond``."""
        return self._respond.describe()


def _places(network: SpikingNetwork) -> dict[str, dict[int, int]]:
    """Place of each unit in a layer as it is now, by the number it had before; of layers that were cut."""
    return {
        layer.name: {unit: place for place, unit in enumerate(layer.units.tolist())}
        for layer in network
        if layer.units is not None
    }
