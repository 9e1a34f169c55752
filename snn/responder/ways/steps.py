"""First layer without tables: neurons stepped through time under their constant currents."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import torch

from spikeatlas.snn.responder.ways.currents import Currents, Images
from spikeatlas.snn.responder.ways.frames import Step, by_pixels
from spikeatlas.snn.responder.ways.signal import Counts, Signal

Part = tuple[Counts, Signal]


@dataclasses.dataclass(frozen=True, eq=False)
class BySteps:
    """Pools the currents once and steps the neurons through time under them."""

    currents: Currents
    step: Step
    time_steps: int
    neurons: tuple[int, ...]
    """Neurons asked for; the currents are all neurons'."""
    passes_on: bool
    """Whether a layer follows."""

    @torch.no_grad()
    def chunks(self, batch: Images, count: int) -> Iterator[Part]:
        """Counts int64 (n, neurons asked for) and spikes of the batch's first images."""
        pool = self.currents.stage.pool
        for maps in self.currents.chunks(batch, count):
            currents = torch.from_numpy(maps).permute(0, 3, 1, 2)
            pooled = by_pixels(currents if pool is None else pool(currents))
            counts, spikes = self.step(pooled[None], self.time_steps, writing=self.passes_on)
            yield counts[:, list(self.neurons)], spikes
