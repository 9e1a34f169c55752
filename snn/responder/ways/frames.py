"""Any layer as torch computes it, all time steps folded into the batch; its neurons as they run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.responder import costs
from spikeatlas.snn.responder.known_modules import neuron_problem
from spikeatlas.snn.responder.shapes import LayerShape
from spikeatlas.snn.responder.signals import (
    Levels,
    Pixels,
    Sequences,
    Signal,
    Spikes,
    joined,
)
from spikeatlas.snn.responder.sites import Feed, Site
from spikeatlas.snn.responder.ways.base import Batches, Images, LayerPlan, Part, Way
from spikeatlas.snn.responder.ways.neuron_steps import NeuronStep, neuron_step

# Nanoseconds of one frame of spikes unpacked and handed to torch, whatever its size.
_FRAME = 500.0
# Frames (images times steps) in one call of torch's operator: enough for its full speed.
_FRAMES = 256


@dataclasses.dataclass(frozen=True, eq=False)
class Frames(Way):
    """The operator over frames in chunks, then the neurons over time.

    Fits every layer, whatever its modules, behind any spikes; and as a first layer under constant
    currents those that nothing else fits.
    """

    name = "frames"
    title = "layer by layer: torch's operator, time steps folded into the batch"

    network: SpikingNetwork
    layer: SpikingLayer
    shape: LayerShape
    time_steps: int
    step: NeuronStep
    neurons: tuple[int, ...]
    """Neurons asked for."""
    passes_on: bool
    """True if a layer follows."""
    images: int
    """Images whose frames are computed together."""

    @classmethod
    def fits(cls, site: Site, feed: Feed) -> str | None:
        """See ``Way``."""
        if feed.signal is Pixels:
            return None if site.problem else "its currents are constant"
        sequences = issubclass(feed.signal, Sequences)
        return None if sequences else "its inputs are no spikes over time"

    @classmethod
    def options(cls, site: Site, feed: Feed) -> Iterator[LayerPlan]:
        """See ``Way``."""
        del feed
        cost = cls.cost(site.shape, site.time_steps)
        yield LayerPlan(site.name, cls.name, site.everyone, cost, note=site.problem or "")

    @staticmethod
    def cost(shape: LayerShape, time_steps: int) -> float:
        """Torch's operator at every step, then all neurons through time."""
        copied = 2 * costs.COPY * (shape.input_map + shape.positions * shape.filters)
        step = shape.work * costs.MULTIPLY + copied + costs.STEP * shape.outputs * shape.filters
        return (step + _FRAME) * time_steps

    @classmethod
    def gives(cls, site: Site, plan: LayerPlan) -> Feed:
        """See ``Way``."""
        del plan
        neuron = site.layer.neuron
        compiled = neuron_problem(site.layer, site.shape.target) is None
        if compiled or neuron.binary:
            return Feed(Spikes, site.shape.filters, height=site.height)
        return Feed(Levels, site.shape.filters)

    @classmethod
    def image_bytes(cls, site: Site, plan: LayerPlan) -> int:
        """Currents and spikes over time, where no compiled loop packs them."""
        del plan
        neurons = 16 * site.time_steps * site.shape.outputs * site.shape.filters
        return neurons + 16 * site.shape.input_map if site.problem else 0

    @classmethod
    def prepare(cls, site: Site, plan: LayerPlan, feed: Feed, batches: Batches) -> Self:
        """See ``Way``."""
        del plan
        images = batches.chunk if feed.signal is Pixels else _images(site)
        return cls(
            batches.network,
            site.layer,
            site.shape,
            site.time_steps,
            neuron_step(site),
            site.neurons,
            not site.last,
            images,
        )

    @torch.no_grad()
    def chunks(self, batch: Images, count: int) -> Iterator[Part]:
        """Counts (n, neurons asked for) and spikes of the batch's first images.

        The operator runs over the whole padded batch, as in the plain loop.
        """
        pixels = self.network.normalise(torch.from_numpy(batch))
        currents = self.step.normalise(self.layer.currents(pixels)[None], self.time_steps)
        for start in range(0, count, self.images):
            counts, spikes = self._run(currents[:, start : min(start + self.images, count)])
            yield counts, spikes

    def __call__(self, signal: Sequences) -> tuple[npt.NDArray[np.int64], Signal | None]:
        """Spike counts (n, neurons), and the spikes if a layer follows."""
        parts = [self._chunk(signal, start) for start in range(0, len(signal), self.images)]
        counts = np.concatenate([counts for counts, _ in parts])
        spikes = [part for _, part in parts if part is not None]
        return counts, joined(spikes) if self.passes_on else None

    def _chunk(
        self, signal: Sequences, start: int
    ) -> tuple[npt.NDArray[np.int64], Sequences | None]:
        """Images from ``start`` on, in a batch of always the same size."""
        stop = min(start + self.images, len(signal))
        frames = signal.frames(start, stop, self.time_steps)[..., : self.shape.channels]
        if missing := self.images - (stop - start):
            frames = np.pad(frames, ((0, 0), (0, missing), (0, 0), (0, 0)))
        return self._run(self._currents(frames)[:, : stop - start])

    @torch.no_grad()
    def _currents(self, frames: npt.NDArray[np.float32]) -> Tensor:
        """Currents (T, n, ...) of spikes (T, n, pixels, channels)."""
        # channels last, which torch's convolutions and pools are fast in
        maps = torch.from_numpy(np.ascontiguousarray(frames)).flatten(0, 1).movedim(2, 1)
        currents = self.layer.currents(maps.reshape(len(maps), *self.shape.source))
        return self.step.normalise(currents.unflatten(0, frames.shape[:2]), self.time_steps)

    def _run(self, currents: Tensor) -> tuple[npt.NDArray[np.int64], Sequences | None]:
        counts, spikes = self.step(currents, self.time_steps, writing=self.passes_on)
        return counts[:, list(self.neurons)], spikes


def _images(site: Site) -> int:
    """Images whose frames are computed together, at least 1, in a quarter of the memory."""
    shape = site.shape
    frame = 4 * 3 * (shape.input_map + shape.positions * shape.filters)
    frames = min(_FRAMES, site.memory // 4 // frame)
    return max(1, frames // site.time_steps)
