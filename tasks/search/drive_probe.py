"""Silent neurons, ready to be searched for what drives them: by their currents, for their responses are all 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import (
    Knowledge,
    MethodLike,
    Points,
    Recordings,
    uses_pool,
    uses_screening,
)
from spikeatlas.snn.layer_info import LayerInfo, Unit
from spikeatlas.snn.life import DriveResponder
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.students import SearchedNeuron
from spikeatlas.tasks.atlas import read
from spikeatlas.tasks.search.block_student import StudentSite
from spikeatlas.tasks.search.loop import Searches, listening_of, run_search
from spikeatlas.tasks.search.objective import Objective
from spikeatlas.tasks.search.probe import Probe, Record, Respond, Responses, Screening
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

PURPOSE = "life"
"""Of seeds, and of the random numbers of a stochastic coding."""


class Driven(NamedTuple):
    """The stimuli that drive N neurons most, of R searches for each."""

    points: Points
    """(N, R, d)."""
    images: NDArray[np.uint8]
    """(N, R, c, h, w)."""
    drive: NDArray[np.float32]
    """(N, R)."""


class DriveProbe(Probe):
    """Neurons of one layer whose drive (``snn.life.DriveResponder``) is asked for in place of their responses."""

    def __init__(
        self,
        run: Run,
        block: Block,
        neurons: Sequence[int],
        network: SpikingNetwork,
        places: Sequence[int],
    ) -> None:
        """``block``: the epoch and the layer; ``places``: of the ``neurons`` in the layer of ``network`` as it is now."""
        super().__init__(
            models.generator(run),
            models.search_space(run),
            Objective(),
            batch_size=run.responder.batch_size,
        )
        self.run, self.block, self.neurons = run, block, neurons
        self._network, self._places = network, places

    def open_responder(self, purpose: str) -> Respond:
        """Make the responder of the neurons' drive."""
        layer, digest = self.block.layer, models.source(self.run).digest(self.block.epoch)
        key = models.coding_key(self.run, digest, f"{PURPOSE} {purpose}")
        drive = DriveResponder(self._network, {layer: self._places}, key)
        return lambda images: drive(images)[layer]

    def open_recorder(self, purpose: str) -> Record:
        """Make the recorder of the neurons' drive."""
        respond = self.open_responder(purpose)
        return lambda images: {self.block.layer: respond(images)}

    def responses_in(self, recordings: Recordings) -> Responses:
        """Return all of it."""
        return np.asarray(recordings[self.block.layer])

    def site(self, knows: Knowledge | None) -> StudentSite:
        """Return the site of the drive, which is without ends; a student of it knows nothing else."""
        del knows
        info = LayerInfo(len(self.neurons), (), Unit("drive", top=None, bottom=None))
        layer = self.block.layer
        targets = tuple(SearchedNeuron(layer, neuron) for neuron in self.neurons)
        return StudentSite({layer: info}, targets, "channel", None, None)

    def search(self) -> Driven:
        """Search with the study's first method, its budget and its repeats."""
        entry = self.run.search.entries[0]
        parts = [
            self._search(entry.method, repeat)
            for repeat in range(self.run.repeats(self.block.epoch))
        ]
        points = np.stack([points for points, _ in parts], axis=1)
        flat = points.reshape(-1, points.shape[2])
        images = self.decode(flat)
        return Driven(
            points,
            images.reshape(*points.shape[:2], *images.shape[1:]),
            np.stack([drive for _, drive in parts], axis=1),
        )

    def _search(self, label: str, repeat: int) -> tuple[Points, NDArray[np.float32]]:
        """Run one search for each neuron: its best point (N, d), and that point's drive (N,)."""
        where = self.block.epoch, self.block.layer
        seeds = [
            [seed_of(self.run.seed, PURPOSE, *where, neuron, label, repeat)]
            for neuron in self.neurons
        ]
        search = self.run.search
        method = search.method(label)
        searches = Searches(
            method,
            np.array(seeds),
            search.budget,
            options=search.options_of(label),
            pool=models.natural_points(self.run) if uses_pool(method) else None,
            screening=self._screening(repeat, method) if uses_screening(method) else None,
            ends=(None, None),
        )
        result = run_search(self, searches).result
        return result.best_point, result.best_response

    def _screening(self, repeat: int, method: MethodLike) -> Screening:
        """Return the drive by the stimuli that every neuron of the epoch was shown."""
        points, _ = read.screening(self.run.atlas, self.block, repeat)
        points = points.astype(self.space.dtype, copy=False)
        return Screening(points, self.evaluate(points, 1, listening_of(method, share=False)))
