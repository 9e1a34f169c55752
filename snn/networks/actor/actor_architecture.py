"""Specification of a spiking actor in a study."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks.actor.actor_network import ActorNetwork
from spikeatlas.snn.networks.actor.population_coder import PopulationCoder
from spikeatlas.snn.networks.base import Architecture, NetworkSite, Shape, TimeSteps, Width
from spikeatlas.snn.networks.decodings.population_decoding import (
    PopulationDecoding,
    PopulationReadout,
)
from spikeatlas.snn.networks.layer import SpikingLayer, linear
from spikeatlas.snn.networks.spec import OUTPUT, Threshold
from spikeatlas.snn.neurons import (
    ClifSpec,
    Links,
    NeuronSite,
    NeuronSpec,
    ReluSpec,
    SpikingNeuron,
    SurrogateSpec,
)
from spikeatlas.snn.registry import SPEC

_NEURONS: dict[str, NeuronSpec] = {"clif": ClifSpec(), "relu": ReluSpec()}


@dataclass(frozen=True, config=SPEC)
class ActorArchitecture(Architecture):
    """A spiking actor with links within its output populations (Chen et al. 2024, arXiv 2401.05444)."""

    hidden: Annotated[tuple[Width, ...], Field(min_length=1)] = (256, 256)
    """Units of the hidden layers fc1, fc2, ... (each >= 1)."""
    actions: Width = 1
    """Actions of the environment (>= 1): Pendulum-v1 has one."""
    population: Width = 10
    """Neurons that code each observation, and output neurons of each action (>= 1)."""
    links: Links = "full"
    """Currents from an output population's last spikes, W s + b, W and b learned: ``full``; ``no-self``, no neuron to
    itself; ``no-lateral``, each to itself alone; ``bias``, b without W; ``self``, each to itself without b; or ``none``."""
    neuron: Literal["clif", "relu"] = "clif"
    """``clif``: current-based spiking neurons; ``relu``: rectified units, the same actor without spikes and time."""
    threshold: Threshold = 0.5
    """Membrane threshold of ``clif`` (> 0)."""
    time_steps: TimeSteps = 5
    """Simulated time steps of an observation (>= 1)."""
    coding: Literal["current"] = "current"
    """Observations enter as constant numbers, which the network's own populations turn into spikes."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = [f"neuron: {problem}" for problem in self._neuron.problems(self.time_steps)]
        reading = self._decoding.problems(self._neuron, self.time_steps)
        problems += [
            problem if problem.startswith("links") else f"population: {problem}"
            for problem in reading
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def _neuron(self) -> NeuronSpec:
        return _NEURONS[self.neuron]

    @property
    def _decoding(self) -> PopulationDecoding:
        return PopulationDecoding(size=self.population, links=self.links, read="membrane")

    @property
    def methods(self) -> tuple[str, ...]:
        """See ``Architecture``."""
        return ("td3",)

    @property
    def layer_sizes(self) -> dict[str, int]:
        """Neurons of every spiking layer, in order: fc1, ..., out."""
        names = (*(f"fc{number}" for number in range(1, len(self.hidden) + 1)), OUTPUT)
        return dict(zip(names, (*self.hidden, self.actions * self.population), strict=True))

    def build(self, site: NetworkSite) -> ActorNetwork:
        """See ``Architecture``."""
        _require_observations(site.input_shape)
        observations = site.input_shape[2]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(site.seed)
            coder = PopulationCoder(observations, self.population)
            layers = list(self._layers(observations * self.population, site.surrogate))
            readout = PopulationReadout(self.actions, self.population)
        return ActorNetwork(
            coder,
            layers,
            readout,
            input_shape=site.input_shape,
            time_steps=self.time_steps,
            coding=self.coding,
        )

    def _layers(self, width: int, surrogate: SurrogateSpec) -> Iterator[SpikingLayer]:
        """Build the layers behind ``width`` coding neurons, weights uniform by their number of inputs."""
        for name, units in self.layer_sizes.items():
            operator = linear(width, units)
            for parameter in operator.parameters():
                torch.nn.init.uniform_(parameter, -(width**-0.5), width**-0.5)
            yield SpikingLayer(name, operator, self._neurons(name, units, surrogate))
            width = units

    def _neurons(self, name: str, units: int, surrogate: SurrogateSpec) -> SpikingNeuron:
        """Make the neurons of one layer; those of the output are linked."""
        site = NeuronSite(name, (units,), self.time_steps, 1.0, self.threshold, surrogate=surrogate)
        if name == OUTPUT:
            return self._decoding.output_neurons(self._neuron, site)
        return self._neuron.build(site)

    def layer_infos(self, shape: Shape, classes: int) -> dict[str, LayerInfo]:
        """See ``Architecture``. ValueError for images that are no observations."""
        del classes
        _require_observations(shape)
        infos = {}
        for name, units in self.layer_sizes.items():
            site = NeuronSite(name, (units,), self.time_steps, 1.0, self.threshold)
            infos[name] = LayerInfo(units, (), self._neuron.build(site).unit(self.time_steps, ()))
        return infos


def _require_observations(shape: Shape) -> None:
    """Raise ValueError for stimuli that are no rows of observations."""
    if shape[:2] != (1, 1):
        raise ValueError(
            f"an actor takes observations, stimuli of shape (1, 1, observations), but the data's have {shape}; set "
            "data.dataset to observations"
        )
