"""The network of one epoch, ready to be shown attacked images, and another whose gradients a transfer attack follows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from spikeatlas.snn.device import copy_on
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.robustness import AttackTarget, network_target, subject_target
from spikeatlas.snn.robustness.layer_signals import Activity, network_activity, subject_activity
from spikeatlas.snn.subjects import TrainedSource
from spikeatlas.tasks.study.digests import digest
from spikeatlas.tasks.study.resolve import resolve
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.study.value_fields import own_sources, value_fields
from spikeatlas.tasks.workers import models

PURPOSE = "robustness"
"""Of the random numbers of a stochastic coding."""
QUERY_BATCH = 64
"""Images shown together: an attack drops those that it is through with, and a batch is padded."""


@dataclass(frozen=True)
class TransferSource:
    """Another network, whose gradients a transfer attack follows."""

    study: Study
    epoch: float
    name: str
    """Words for it in a table: the epoch, and the study's file."""

    @property
    def identity(self) -> str:
        """Digest (hex) of what it is made of."""
        return _identity(self.study, self.epoch)

    def target(self) -> AttackTarget:
        """Open it. ValueError, a sentence, where it has no gradients."""
        network = differentiable(self.study, self.epoch)
        if network is None:
            raise ValueError(
                f"--transfer: the network of kind {self.study.network.kind} has no gradients that an attack could "
                "follow; name a study whose network is trained here (chain, resnet)"
            )
        run = _run(self.study)
        checkpoint = models.plain_source(self.study).digest(self.epoch)
        return network_target(network, models.coding_key(run, checkpoint, PURPOSE))


@dataclass(frozen=True)
class ExaminedNetwork:
    """The network of one epoch."""

    study: Study
    epoch: float
    target: AttackTarget
    activity: Activity
    rates: str
    """Words for what the activity is of each unit."""
    checkpoint: str
    """Digest (hex) of its file, or its code."""
    identity: str
    """Digest (hex) of all of the study that its answers depend on, and of its checkpoint."""
    classes: int | None
    source: TransferSource | None = field(default=None)


def examined(study: Study, epoch: float, source: TransferSource | None) -> ExaminedNetwork:
    """Open the network of an epoch. ValueError or FileNotFoundError, a sentence, where it cannot answer."""
    run, plain = _run(study), models.plain_source(study)
    checkpoint = plain.digest(epoch)
    subject = plain.open(epoch)
    subject.check()
    showing = dataclasses.replace(
        models.showing(run, checkpoint, PURPOSE),
        batch_size=min(QUERY_BATCH, run.responder.batch_size),
    )
    network = differentiable(study, epoch)
    other = None if source is None else source.target()
    of_units = None if network is None else network_activity(network, showing.key)
    return ExaminedNetwork(
        study=study,
        epoch=epoch,
        target=subject_target(subject, showing, network, other),
        activity=of_units or subject_activity(subject, showing),
        rates="every unit at every position" if of_units else "channels, each the mean of its map",
        checkpoint=checkpoint,
        identity=_identity(study, epoch),
        classes=subject.classes,
        source=source,
    )


def differentiable(study: Study, epoch: float) -> TrainableNetwork | None:
    """Return the network of an epoch with the gradients of its training; None where it has none."""
    source = models.plain_source(study)
    if not isinstance(source, TrainedSource):
        return None
    return copy_on(source.network(epoch, study.training.surrogate), study.responder.device)


def _run(study: Study) -> Run:
    return resolve(study, models.plain_source(study))


def _identity(study: Study, epoch: float) -> str:
    """Return the digest (hex) of all that the answers of an epoch's network depend on: not of the searches."""
    fields = value_fields(study)
    parts = {name: fields[name] for name in ("data", "network", "seed")}
    source = models.plain_source(study)
    return digest(
        {
            **parts,
            "surrogate": fields["training"].get("surrogate"),
            "responder": {name: fields["responder"].get(name) for name in ("kind", "device")},
            "presentations": study.search.presentations if source.stochastic else 1,
            "code": [own_sources(study), source.network_digest],
            "checkpoint": source.digest(epoch),
        }
    )
