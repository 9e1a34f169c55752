"""Specification of a network in a study."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, PlainValidator, TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.layer_info import LayerInfo, spike_unit
from spikeatlas.snn.networks.base import Architecture, NetworkSite, Shape
from spikeatlas.snn.networks.chain import build_chain, halved
from spikeatlas.snn.networks.decodings import DecodingSpec, RateDecoding
from spikeatlas.snn.networks.network import SpikingNetwork
from spikeatlas.snn.neurons import LeakySpec, NeuronSite, NeuronSpec, Reset
from spikeatlas.snn.norms import NORMS, NoNorm, NormSpec
from spikeatlas.snn.registry import SPEC, inheritable

Width = Annotated[int, Field(ge=1)]
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


@inheritable
@dataclass(frozen=True, config=SPEC)
class NetworkSpec(Architecture):
    """A feed-forward spiking network: convolutions, hidden linear layers, a spiking output."""

    channels: Annotated[tuple[Width, ...], Field(min_length=1)] = (16, 32)
    """Channels of the convolutional layers conv1, conv2, ... (each >= 1, at least one layer)."""
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
    time_steps: Annotated[int, Field(ge=1)] = 25
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

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(
                f"kernel is {self.kernel}: it must be odd, so that maps keep their size; "
                f"use {self.kernel + 1}."
            )
        for field in ("beta", "threshold", "norm"):
            values = getattr(self, field)
            if isinstance(values, tuple) and len(values) != self.depth:
                raise ValueError(
                    f"{field} has {len(values)} values: give one for all, or one for each of the "
                    f"{self.depth} spiking layers {', '.join(self.layers)}."
                )
        problems = [f"neuron: {problem}" for problem in self.neuron.problems(self.time_steps)]
        for norm in self.norms:
            problems += [f"norm: {problem}" for problem in norm.problems(self.time_steps)]
        if problems:
            raise ValueError("; ".join(dict.fromkeys(problems)))
        return self

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
        """Normalisation of every spiking layer."""
        return self.norm if isinstance(self.norm, tuple) else (self.norm,) * self.depth

    def build(self, site: NetworkSite) -> SpikingNetwork:
        """See ``Architecture``."""
        return build_chain(self, site)

    def layer_infos(self, shape: Shape, classes: int) -> dict[str, LayerInfo]:
        """See ``Architecture``."""
        maps, signed = layer_maps(self, shape), self._is_signed()
        return {
            name: LayerInfo(
                size, maps[name], spike_unit(self.time_steps, maps[name], signed=signed)
            )
            for name, size in layer_sizes(self, classes).items()
        }

    def _is_signed(self) -> bool:
        site = NeuronSite(
            OUTPUT, (1,), self.time_steps, self.betas[-1], self.thresholds[-1], self.reset
        )
        return self.neuron.build(site).signed


def layer_sizes(spec: NetworkSpec, classes: int) -> dict[str, int]:
    """Return the neurons (channels or units) of every spiking layer, in order: conv1.., fc1.., out."""
    return dict(zip(spec.layers, (*spec.channels, *spec.hidden, classes), strict=True))


def layer_maps(spec: NetworkSpec, shape: tuple[int, int, int]) -> dict[str, tuple[int, ...]]:
    """Return the map (h, w) of every convolutional layer's channels, () of others, for images (c, h, w)."""
    size: tuple[int, ...] = shape[1:]
    maps: list[tuple[int, ...]] = []
    for _ in spec.channels:
        size = halved(size)
        maps.append(size)
    maps += [()] * (len(spec.hidden) + 1)
    return dict(zip(spec.layers, maps, strict=True))
