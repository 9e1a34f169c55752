"""The network of an epoch as its training sees it: with gradients."""

from __future__ import annotations

from spikeatlas.snn.subjects import Subject, TrainedSource, read_source
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


def trained_subject(run: Run, epoch: float) -> Subject:
    """Return the network of an epoch, its spikes with the surrogate gradient of the study's training if it has one."""
    plain = models.plain_source(run)
    if not isinstance(plain, TrainedSource):
        return models.subject(run, epoch)[0]
    read = models.read_network(run)
    source = plain.with_surrogate(run.study.training.surrogate)
    return read_source(source, read.reading, read.unit).open(epoch)
