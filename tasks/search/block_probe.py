"""The neurons of one block of a study, ready to be asked."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Knowledge, Recordings
from spikeatlas.snn.readings import RATE
from spikeatlas.tasks.atlas import read
from spikeatlas.tasks.search.block_student import StudentSite, student_site
from spikeatlas.tasks.search.margin import Margin
from spikeatlas.tasks.search.objective import block_objective
from spikeatlas.tasks.search.probe import (
    Evaluation,
    Listening,
    Probe,
    Record,
    Respond,
    Responses,
    Screening,
    span,
)
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


class BlockProbe(Probe):
    """The neurons of one block of a study, asked for their most or their least exciting images."""

    def __init__(self, run: Run, block: Block, sign: int | None = None) -> None:
        """Load what the searches for ``block`` share, of ``sign``: if None, of what stands for a neuron."""
        super().__init__(
            models.generator(run),
            models.search_space(run),
            block_objective(run, block, run.search.main_sign if sign is None else sign),
            batch_size=run.responder.batch_size,
        )
        self.run, self.block = run, block
        self.neurons = run.layers[block.layer][block.start : block.stop]
        self.unit = models.source(run).layers[block.layer].unit
        if run.search.response == "margin":
            self.margin = self._make_margin()

    def _make_margin(self) -> Margin:
        """Make the slope of the block's neurons; the study's checks say that their network tells it."""
        subject, digest = models.subject(self.run, self.block.epoch)
        layer, showing = self.block.layer, models.showing(self.run, digest, "search")
        drive = subject.drive_responder({layer: self.neurons}, showing)
        assert drive is not None
        assert self.unit.quantum is not None
        return Margin(lambda images: drive(images)[layer], self.unit.quantum)

    def open_responder(self, purpose: str) -> Respond:
        """Make the responder of the epoch's network for the block's neurons."""
        layer = self.block.layer
        responder = models.responder(self.run, self.block.epoch, purpose, {layer: self.neurons})
        return lambda images: responder(images)[layer]

    def open_recorder(self, purpose: str) -> Record:
        """Make the recorder of all neurons, from the first layer to the block's."""
        layers = self.site(None).layers
        neurons = {name: tuple(range(info.neurons)) for name, info in layers.items()}
        return models.responder(self.run, self.block.epoch, purpose, neurons)

    def responses_in(self, recordings: Recordings) -> Responses:
        """Return those of the block's neurons."""
        return np.asarray(recordings[self.block.layer][:, list(self.neurons)])

    def site(self, knows: Knowledge | None) -> StudentSite:
        """Return what a student of the block's neurons is made of."""
        subject, digest = models.subject(self.run, self.block.epoch)
        key = models.coding_key(self.run, digest, "search")
        probe = self.run.study.probe
        reading = probe.unit if probe.reading == RATE else None
        return student_site(subject, self.block.layer, self.neurons, reading, knows, key)

    def seeds(self, purpose: str, method: str, repeats: tuple[int, ...]) -> NDArray[np.int64]:
        """Return the seeds (N, R) of a method's searches; ``purpose``: ``search``, or ``warm``."""
        where = self.block.epoch, self.block.layer
        return np.array(
            [
                [
                    seed_of(self.run.seed, purpose, *where, neuron, method, repeat)
                    for repeat in repeats
                ]
                for neuron in self.neurons
            ]
        )

    def screening(self, repeat: int, listening: Listening | None = None) -> Screening:
        """Return the screening of a repeat, as the atlas holds it; ``listening`` as in ``evaluate``."""
        points, responses = read.screening(self.run.atlas, self.block, repeat)
        points = points.astype(self.space.dtype, copy=False)
        values: Responses = responses
        recordings: Recordings = {}
        drive: Responses | None = None
        if self.objective.naturalness or self.margin or listening:
            images = self.decode(points)
            values, drive = self.value(responses, points, images)
            # the atlas holds the responses of the neurons that are probed: a student is told those of all others too
            recordings = self.listen("screen", images, listening)[1] if listening else {}
        return Screening(points, Evaluation(values, *span(responses), 0, recordings, drive))
