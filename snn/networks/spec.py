"""Specification of a network in a study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

import torch
from pydantic import Field, PlainValidator, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks.base import Architecture, NetworkSite, Shape, TimeSteps, Width
from spikeatlas.snn.networks.chain import build_chain, pooled
from spikeatlas.snn.networks.decodings import DecodingSpec, RateDecoding
from spikeatlas.snn.networks.layer import Pool
from spikeatlas.snn.networks.network import SpikingNetwork
from spikeatlas.snn.neurons import LeakySpec, NeuronSite, NeuronSpec, Reset, SpikingNeuron
from spikeatlas.snn.norms import NORMS, NoNorm, NormSpec
from spikeatlas.snn.registry import SPEC

Decay = Annotated[float, Field(ge=0, le=1)]
Threshold = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def read_norms(value: object) -> NormSpec | tuple[NormSpec, ...]:
    """Read one normalisation, or a list with one a layer. ValueError where a name is not known."""
    if isinstance(value, list | tuple):
        return TypeAdapter(tuple[NormSpec, ...]).validate_python(value)
    return NORMS.read(value)


Norms = Annotated[
    NormSpec | tuple[NormSpec, ...],
    # an alternative of pydantic's own would tell the mistakes of both
    PlainValidator(read_norms, json_schema_input_type=NormSpec | list[NormSpec]),
]

LEAKY: NeuronSpec = LeakySpec()
NO_NORM: NormSpec = NoNorm()
RATE: DecodingSpec = RateDecoding()


OUTPUT = "out"
"""Name of a network's last layer."""


@dataclass(frozen=True, config=SPEC)
class NetworkSpec(Architecture):
    """A feed-forward spiking network: convolutions, hidden linear layers, a spiking output."""

    channels: tuple[Width, ...] = (16, 32)
    """Channels of the convolutional layers conv1, conv2, ... (each >= 1; none is allowed)."""
    hidden: tuple[Width, ...] = (64,)
    """Units of the hidden linear layers fc1, fc2, ... (each >= 1; none is allowed)."""
    kernel: Width = 3
    """Side of the convolution kernels in pixels (odd, >= 1)."""
    beta: Decay | tuple[Decay, ...] = 0.9
    """Membrane decay per time step, in [0, 1]: one for all, or one per spiking layer."""
    threshold: Threshold | tuple[Threshold, ...] = 1.0
    """Membrane threshold (> 0): one for all, or one per spiking layer, the output included."""
    reset: Reset = "subtract"
    """What a spike does to the membrane one step later."""
    time_steps: TimeSteps = 25
    """Simulated time steps per image (>= 1)."""
    coding: Coding = "current"
    """An image enters as a constant current, or as Poisson spike trains at its pixels' rates."""
    # What came later is left out of a study's JSON at its default: digests of before stay the same.
    neuron: NeuronSpec = Field(default=LEAKY, exclude_if=lambda value: value == LEAKY)
    """Neurons of all layers: leaky."""
    norm: Norms = Field(default=NO_NORM, exclude_if=lambda value: value == NO_NORM)
    """Between currents and neurons: none; one for all layers, or one per spiking layer."""
    decoding: DecodingSpec = Field(default=RATE, exclude_if=lambda value: value == RATE)
    """Reading of the output: rate, the class of the neuron with the most spikes."""
    pool: Pool | tuple[Pool, ...] = Field(default="max", exclude_if=lambda value: value == "max")
    """After each convolution, over 2x2 currents: ``max``, ``average`` or ``none``; one for all, or one a convolution."""
    bias: bool = Field(default=True, exclude_if=lambda value: value is True)
    """True: every operator adds a number of its own to each neuron's currents."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(
                f"kernel is {self.kernel}: it must be odd, so that maps keep their size; "
                f"use {self.kernel + 1}."
            )
        for field, layers in (
            *((field, self.layers) for field in ("beta", "threshold", "norm")),
            ("pool", self.layers[: len(self.channels)]),
        ):
            values = getattr(self, field)
            if isinstance(values, tuple) and len(values) != len(layers):
                raise ValueError(_count_sentence(field, len(values), layers))
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(dict.fromkeys(problems)))
        return self

    def _problems(self) -> Iterator[str]:
        """Say what keeps the parts from working together, and one after the other."""
        members = [("neuron", self.neuron.problems(self.time_steps))]
        if not self.channels:
            members.append(("neuron", self.neuron.unit_problems()))
        members += [("norm", norm.problems(self.time_steps)) for norm in self.norms]
        members += [("norm", _pair_problems(self.neuron, norm)) for norm in self.norms]
        members += [("norm", norm.bias_problems()) for norm in self.norms if self.bias]
        members.append(("decoding", self.decoding.problems(self.neuron, self.time_steps)))
        for field, problems in members:
            yield from (f"{field}: {problem}" for problem in problems)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the spiking layers from the input on: conv1, ..., fc1, ..., out."""
        convolutions = [f"conv{k}" for k in range(1, len(self.channels) + 1)]
        hidden = [f"fc{k}" for k in range(1, len(self.hidden) + 1)]
        return (*convolutions, *hidden, OUTPUT)

    @property
    def depth(self) -> int:
        """Number of spiking layers."""
        return len(self.channels) + len(self.hidden) + 1

    @property
    def betas(self) -> tuple[float, ...]:
        """Membrane decay of every spiking layer."""
        return self.beta if isinstance(self.beta, tuple) else (self.beta,) * self.depth

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Threshold of every spiking layer."""
        if isinstance(self.threshold, tuple):
            return self.threshold
        return (self.threshold,) * self.depth

    @property
    def norms(self) -> tuple[NormSpec, ...]:
        """Normalisation of every layer; one for all leaves an output without spikes as it is."""
        if isinstance(self.norm, tuple):
            return self.norm
        spiking = self.decoding.spiking and self.neuron.output_spikes
        last = self.norm if spiking else NO_NORM
        return (*(self.norm,) * (self.depth - 1), last)

    @property
    def pools(self) -> tuple[Pool, ...]:
        """Pool after every convolution."""
        return self.pool if isinstance(self.pool, tuple) else (self.pool,) * len(self.channels)

    def stepwise_problems(self) -> list[str]:
        """See ``Architecture``."""
        problems = [problem for norm in self.norms for problem in norm.stepwise_problems()]
        return [f"network.norm: {problem}" for problem in dict.fromkeys(problems)]

    @property
    def one_length(self) -> bool:
        """See ``Architecture``."""
        return self.neuron.one_length

    @property
    def methods(self) -> tuple[str, ...]:
        """See ``Architecture``."""
        return self.neuron.methods

    @property
    def scaled_steps(self) -> int:
        """See ``Architecture``."""
        return self.time_steps if any(norm.scales_steps for norm in self.norms) else 0

    @property
    def may_exit(self) -> bool:
        """See ``Architecture``."""
        return any(norm.may_exit for norm in self.norms)

    def neurons_at(self, site: NeuronSite) -> SpikingNeuron:
        """Make the neurons of one layer."""
        if site.name == OUTPUT:
            return self.decoding.output_neurons(self.neuron, site)
        return self.neuron.build(site)

    def build(self, site: NetworkSite) -> SpikingNetwork:
        """See ``Architecture``."""
        return build_chain(self, site)

    def layer_infos(self, shape: Shape, classes: int) -> dict[str, LayerInfo]:
        """See ``Architecture``."""
        sizes, maps = layer_sizes(self, classes), layer_maps(self, shape)
        infos = {}
        for name, beta, threshold in zip(self.layers, self.betas, self.thresholds, strict=True):
            currents = (sizes[name], *maps[name])
            site = NeuronSite(name, currents, self.time_steps, beta, threshold, self.reset)
            with torch.random.fork_rng(devices=[]):
                # of what neurons draw as they are built, nothing is looked at here
                unit = self.neurons_at(site).unit(self.time_steps, maps[name])
            infos[name] = LayerInfo(sizes[name], maps[name], unit)
        return infos


def _pair_problems(neuron: NeuronSpec, norm: NormSpec) -> list[str]:
    """Say what keeps neurons from learning behind a normalisation."""
    if not (neuron.represents and norm.timed):
        return []
    problem = (
        f"{norm.kind} treats time steps differently, but {neuron.kind} neurons learn from a mean over all steps, which "
        "then represents nothing; choose a normalisation that is the same at every step, or another neuron"
    )
    return [problem]


def _count_sentence(field: str, count: int, layers: Sequence[str]) -> str:
    kind = "convolutions" if field == "pool" else "spiking layers"
    return (
        f"{field} has {count} values: give one for all, or one for each of the {len(layers)} {kind}"
        f"{' ' if layers else ''}{', '.join(layers)}."
    )


def layer_sizes(spec: NetworkSpec, classes: int) -> dict[str, int]:
    """Return the neurons (channels or units) of every spiking layer, in order: conv1.., fc1.., out."""
    outputs = spec.decoding.outputs(classes)
    return dict(zip(spec.layers, (*spec.channels, *spec.hidden, outputs), strict=True))


def layer_maps(spec: NetworkSpec, shape: tuple[int, int, int]) -> dict[str, tuple[int, ...]]:
    """Return the map (h, w) of every convolutional layer's channels, () of others, for images (c, h, w)."""
    size: tuple[int, ...] = shape[1:]
    maps: list[tuple[int, ...]] = []
    for pool in spec.pools:
        _, size = pooled(pool, size)
        maps.append(size)
    maps += [()] * (len(spec.hidden) + 1)
    return dict(zip(spec.layers, maps, strict=True))
