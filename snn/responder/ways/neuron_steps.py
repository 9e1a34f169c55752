"""Neurons run over time, from a layer's currents to its spikes: compiled, or as their module runs them."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.networks import SpikingLayer
from spikeatlas.snn.neurons.rules.channel_scan import Channels, scan_channels
from spikeatlas.snn.responder.kernels import scan
from spikeatlas.snn.responder.known_modules import (
    is_leaky,
    layer_neurons,
    neuron_problem,
    norm_problem,
)
from spikeatlas.snn.responder.signals import Bytes, Counts, Levels, Sequences, Spikes, packed
from spikeatlas.snn.responder.sites import Site

Floats = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class NeuronStep(ABC):
    """Runs the neurons of a layer over time."""

    layer: SpikingLayer

    @abstractmethod
    def __call__(
        self, currents: Tensor, time_steps: int, *, writing: bool
    ) -> tuple[Counts, Sequences | None]:
        """Counts (n, channels), and the spikes if ``writing``, of currents (T, n, ...) or (1, n, ...).

        The currents are those that ``normalise`` returns.
        """

    def normalise(self, currents: Tensor, time_steps: int) -> Tensor:
        """Do what is left to torch between a layer's operator and these neurons."""
        return self.layer.normalise(currents, time_steps)


def neuron_step(site: Site) -> NeuronStep:
    """Return the fastest exact way to run a layer's neurons, behind its normalisation."""
    if neuron_problem(site.layer, site.shape.target):
        return ModuleStep(site.layer)
    return CompiledStep.of(site)


@dataclasses.dataclass(frozen=True, eq=False)
class CompiledStep(NeuronStep):
    """Steps all of a layer's neurons that have a rule, behind a normalisation that scales and shifts."""

    neurons: Channels
    height: float
    """Of the spikes that are handed on."""
    norm: bool
    """True if the normalisation is compiled too; torch's otherwise, if there is one."""

    @classmethod
    def of(cls, site: Site) -> Self:
        """Those of a layer whose neurons are known."""
        neurons = layer_neurons(site.layer, site.time_steps)
        if norm_problem(site.layer):
            none = np.empty((0, site.layer.size), np.float32)
            neurons = neurons._replace(scale=none, shift=none)
            return cls(site.layer, neurons, site.height, norm=False)
        return cls(site.layer, neurons, site.height, norm=True)

    def normalise(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``NeuronStep``."""
        return currents if self.norm else super().normalise(currents, time_steps)

    def __call__(
        self, currents: Tensor, time_steps: int, *, writing: bool
    ) -> tuple[Counts, Sequences | None]:
        """See ``NeuronStep``."""
        none = np.empty((0, self.layer.size), np.float32)
        return self.after(currents, none, time_steps, writing=writing)

    def after(
        self, currents: Tensor, rest: Floats, time_steps: int, *, writing: bool
    ) -> tuple[Counts, Sequences | None]:
        """Do the same where currents (1, n, ...) are those of the first step, and ``rest`` (1, channels) of all others.

        A ``rest`` (0, channels) changes nothing.
        """
        maps = by_pixels(currents)
        counts = np.zeros((maps.shape[1], maps.shape[3]), np.int64)
        if is_leaky(self.neurons) and not len(rest):
            bits = self._leaky(maps, time_steps, counts, writing=writing)
        else:
            bits = self._rule(maps, rest, time_steps, counts, writing=writing)
        return counts, Spikes(bits, self.height) if writing else None

    def _leaky(self, maps: Floats, time_steps: int, counts: Counts, *, writing: bool) -> Bytes:
        """Count the spikes of leaky neurons, and return them as bits: see ``kernels.scan``."""
        _, count, pixels, channels = maps.shape
        bits = np.zeros((count if writing else 0, -(-time_steps // 8), pixels, channels), np.uint8)
        rows, zero = self.neurons.values, bool(self.neurons.codes[2] == 2)
        scan.respond(maps, rows[0], rows[3], zero, time_steps, counts, bits, writing)
        return bits

    def _rule(
        self, maps: Floats, rest: Floats, time_steps: int, counts: Counts, *, writing: bool
    ) -> Bytes:
        """Count the spikes of neurons of any rule, and return them as bits: see ``channel_scan``."""
        steps, count, pixels, channels = maps.shape
        size = -(-time_steps // 8) if writing else 0
        bits = np.empty((size, maps[0].size if writing else 0), np.uint8)
        scan_channels(maps.reshape(steps, -1), rest, self.neurons, time_steps, counts, bits)
        rows = bits.reshape(size, count if writing else 0, pixels, channels)
        return np.ascontiguousarray(np.moveaxis(rows, 0, 1))


class ModuleStep(NeuronStep):
    """Runs neurons of any kind, by their own ``run``."""

    @torch.no_grad()
    def __call__(
        self, currents: Tensor, time_steps: int, *, writing: bool
    ) -> tuple[Counts, Sequences | None]:
        """See ``NeuronStep``. ValueError for spikes that the neurons do not declare."""
        neuron = self.layer.neuron
        spikes = neuron.run(currents, time_steps)
        counts: Counts = by_pixels(neuron.relative(spikes)).sum(axis=(0, 2), dtype=np.float64)
        if not writing:
            return counts, None
        values = by_pixels(spikes)
        if not neuron.binary:
            return counts, Levels(values)
        if not ((values == 0) | (values == 1)).all():
            raise ValueError(
                f"neurons of layer {self.layer.name!r} ({type(neuron).__name__}) fire spikes other than "
                "0 and 1: declare their height, and that they are signed, on their class."
            )
        return counts, packed(values)


def by_pixels(currents: Tensor) -> npt.NDArray[np.float32]:
    """Maps (T, n, channels, h, w), or units (T, n, channels), as contiguous (T, n, pixels, channels)."""
    maps = currents.reshape(*currents.shape[:3], -1).movedim(2, 3)
    values: npt.NDArray[np.float32] = maps.contiguous().numpy()
    return values
