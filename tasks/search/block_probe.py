"""The neurons of some blocks of one epoch, ready to be asked together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Knowledge, Points, Recordings
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.subjects import Unit
from spikeatlas.tasks.atlas import read
from spikeatlas.tasks.search.block_student import StudentSite, student_site
from spikeatlas.tasks.search.margin import make_margin
from spikeatlas.tasks.search.objective import blocks_objective
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
    """The neurons of some blocks of one epoch, asked for their most or their least exciting images.

    They stand block by block; the blocks of a layer follow one another.
    """

    def __init__(self, run: Run, blocks: Sequence[Block], sign: int | None = None) -> None:
        """Load what the searches for ``blocks`` share, of ``sign``: if None, of what stands for a neuron."""
        super().__init__(
            models.generator(run),
            models.search_space(run),
            blocks_objective(run, blocks, run.search.main_sign if sign is None else sign),
            batch_size=run.responder.batch_size,
        )
        self.run, self.blocks, self.epoch = run, tuple(blocks), blocks[0].epoch
        self.neurons: dict[str, tuple[int, ...]] = {}
        for block in blocks:
            rows = run.layers[block.layer][block.start : block.stop]
            self.neurons[block.layer] = (*self.neurons.get(block.layer, ()), *rows)
        layers = models.source(run).layers
        self.units = {name: layers[name].unit for name in self.neurons}
        if run.search.response == "margin":
            subject, digest = models.subject(run, self.epoch)
            showing = models.showing(run, digest, "search")
            self.margin = make_margin(subject, self.neurons, showing)

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """The lowest and the highest response that there can be; None where there is no end, or layers have other ones."""
        ends = {(unit.bottom, unit.top) for unit in self.units.values()}
        return ends.pop() if len(ends) == 1 else (None, None)

    @property
    def unit(self) -> Unit:
        """The unit of responses, where the blocks are of one layer."""
        (unit,) = self.units.values()
        return unit

    @cached_property
    def parts(self) -> list[tuple[slice, BlockProbe]]:
        """Each block's neurons among all, and its own probe, of the same sign."""
        if len(self.blocks) == 1:
            return [(slice(None), self)]
        sizes = [block.stop - block.start for block in self.blocks]
        stops = np.cumsum(sizes).tolist()
        return [
            (slice(stop - size, stop), BlockProbe(self.run, (block,), self.objective.sign))
            for block, size, stop in zip(self.blocks, sizes, stops, strict=True)
        ]

    def open_responder(self, purpose: str) -> Respond:
        """Make the responder of the epoch's network for the blocks' neurons."""
        responder = models.responder(self.run, self.epoch, purpose, self.neurons)

        def respond(images: NDArray[np.uint8]) -> Responses:
            rows = responder(images)
            return np.concatenate([rows[name] for name in self.neurons], axis=1)

        return respond

    def open_recorder(self, purpose: str) -> Record:
        """Make the recorder of all neurons, from the first layer to the deepest block's."""
        layers = self.site(None).layers
        neurons = {name: tuple(range(info.neurons)) for name, info in layers.items()}
        return models.responder(self.run, self.epoch, purpose, neurons)

    def responses_in(self, recordings: Recordings) -> Responses:
        """Return those of the blocks' neurons."""
        rows = [recordings[name][:, list(neurons)] for name, neurons in self.neurons.items()]
        return np.concatenate(rows, axis=1)

    def site(self, knows: Knowledge | None) -> StudentSite:
        """Return what a student of the blocks' neurons is made of."""
        subject, digest = models.subject(self.run, self.epoch)
        key = models.coding_key(self.run, digest, "search")
        probe = self.run.study.probe
        reading = probe.unit if probe.reading == RATE else None
        return student_site(subject, self.neurons, reading, knows, key)

    def seeds(self, purpose: str, method: str, repeats: tuple[int, ...]) -> NDArray[np.int64]:
        """Return the seeds (N, R) of a method's searches; ``purpose``: ``search``, or ``warm``."""
        return np.array(
            [
                [
                    seed_of(self.run.seed, purpose, self.epoch, layer, neuron, method, repeat)
                    for repeat in repeats
                ]
                for layer, neurons in self.neurons.items()
                for neuron in neurons
            ]
        )

    def screening(self, repeat: int, listening: Listening | None = None) -> Screening:
        """Return the screening of a repeat, as the atlas holds it; ``listening`` as in ``evaluate``."""
        parts = [read.screening(self.run.atlas, block, repeat) for block in self.blocks]
        points = parts[0][0].astype(self.space.dtype, copy=False)
        responses = np.concatenate([answers for _, answers in parts], axis=1)
        values: Responses = responses
        recordings: Recordings = {}
        drive: Responses | None = None
        if self.objective.naturalness or self.margin or listening:
            images = self.decode(points)
            values, drive = self.value(responses, points, images)
            # the atlas holds the responses of the neurons that are probed: a student is told those of all others too
            recordings = self.listen("screen", images, listening)[1] if listening else {}
        return Screening(points, Evaluation(values, *span(responses), 0, recordings, drive))

    def latents(self, epoch: float, label: str, repeats: tuple[int, ...]) -> Points:
        """Return the latents (N * R, 1, d) that searches found at an earlier epoch. AtlasError where that is not finished."""
        rows = [
            read.latents(self.run.atlas, block._replace(epoch=epoch), label, repeats)
            for block in self.blocks
        ]
        return np.concatenate(rows)
