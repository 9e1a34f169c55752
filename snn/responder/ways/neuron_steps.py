"""Neurons run over time, from a layer's currents to its spikes: compiled, or as their module runs them."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.networks import SpikingLayer
from spikeatlas.snn.neurons import LeakyNeuron
from spikeatlas.snn.responder.filters import neuron_values
from spikeatlas.snn.responder.kernels import scan
from spikeatlas.snn.responder.known_modules import neuron_problem
from spikeatlas.snn.responder.signals import Counts, Levels, Sequences, Spikes, packed
from spikeatlas.snn.responder.sites import Site


@dataclasses.dataclass(frozen=True, eq=False)
class NeuronStep(ABC):
    """Runs the neurons of a layer over time."""

    layer: SpikingLayer

    @abstractmethod
    def __call__(
        self, currents: Tensor, time_steps: int, *, writing: bool
    ) -> tuple[Counts, Sequences | None]:
        """Counts (n, channels), and the spikes if ``writing``, of currents (T, n, ...) or (1, n, ...)."""


def neuron_step(site: Site) -> NeuronStep:
    """Return the fastest exact way to run a layer's neurons."""
    if neuron_problem(site.layer, site.shape.target):
        return ModuleStep(site.layer)
    return CompiledStep(site.layer)


class CompiledStep(NeuronStep):
    """Steps all of a layer's leaky neurons, one pixel after the other: see ``kernels.scan``."""

    def __call__(
        self, currents: Tensor, time_steps: int, *, writing: bool
    ) -> tuple[Counts, Sequences | None]:
        """See ``NeuronStep``."""
        assert isinstance(self.layer.neuron, LeakyNeuron)
        maps = by_pixels(currents)
        _, count, pixels, channels = maps.shape
        counts = np.zeros((count, channels), np.int64)
        bits = np.zeros((count if writing else 0, -(-time_steps // 8), pixels, channels), np.uint8)
        scan.respond(
            maps,
            neuron_values(self.layer, "beta"),
            neuron_values(self.layer, "threshold"),
            self.layer.neuron.reset_mechanism == "zero",
            time_steps,
            counts,
            bits,
            writing,
        )
        return counts, Spikes(bits) if writing else None


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
