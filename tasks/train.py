"""Units of work that make the generator and the network's checkpoints, each resumable at any kill."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path

import numpy as np

from snn.checkpoint import digest_file
from snn.classifier import ClassifierRecord
from snn.classifier import train_classifier as train_classifier_file
from snn.generators import AdapterSpec, CodeLatent
from snn.generators import train_generator as train_generator_file
from snn.priors import EpochRecord as PriorRecord
from snn.priors import train_prior as train_prior_file
from snn.responder import check_weights
from snn.training import CheckpointHeader, epoch_path, read_header
from snn.training import train_network as train_checkpoints
from tasks import loading
from tasks.atlas import write
from tasks.job import Job
from tasks.quality import QualityCurve, assess
from tasks.stopping import stop_asked

log = logging.getLogger("spikeatlas")


def train_generator(job: Job) -> Path:
    """Train the study's generator on its training images, unless its file is there."""
    loading.one_thread()
    if not isinstance(job.generator, AdapterSpec) and not job.generator_file.exists():
        images = loading.dataset(job.data).train.images
        train_generator_file(
            job.generator, images, path=job.generator_file, seed=job.seed,
            study=job.generator_key, should_stop=stop_asked, on_epoch=QualityCurve(job),
        )  # fmt: skip
    return job.generator_file


def train_network(job: Job) -> Path:
    """Train the study's network, a checkpoint per epoch, unless its checkpoints are given."""
    loading.one_thread()
    if job.network.checkpoints is None:
        train_checkpoints(
            job.network, job.training, loading.dataset(job.data), folder=job.checkpoints,
            seed=job.seed, study=job.study, epochs=job.epochs, should_stop=stop_asked, on_epoch=_tell_network,
        )  # fmt: skip
    return job.checkpoints


def train_prior(job: Job) -> Path | None:
    """Learn the priors of the generator's codes from the training images; None where it has none."""
    loading.one_thread()
    path = loading.prior_file(job)
    if path is not None and not path.exists():
        latent = loading.generator(job).latent
        assert isinstance(latent, CodeLatent)
        train_prior_file(
            loading.natural_points(job), latent.codes, latent.codebook, path=path, seed=job.seed,
            study=path.stem, should_stop=stop_asked, on_epoch=_tell_prior,
        )  # fmt: skip
    return path


def train_classifier(job: Job) -> Path | None:
    """Train what judges the generator's images, if the study has such a judge."""
    loading.one_thread()
    if job.classifier is None:
        return None
    data = loading.dataset(job.data)
    if not job.classifier_file.exists():
        train_classifier_file(
            job.classifier, data.train.images, data.train.labels, data.classes, path=job.classifier_file,
            seed=job.seed, study=job.classifier_file.stem, should_stop=stop_asked, on_epoch=_tell_classifier,
        )  # fmt: skip
    return job.classifier_file


def _tell_prior(record: PriorRecord) -> None:
    log.info(f"prior of the codes, {record}")


def _tell_classifier(record: ClassifierRecord) -> None:
    log.info(f"classifier epoch {record.epoch}: {record}")


def _tell_network(header: CheckpointHeader) -> None:
    log.info(f"network epoch {header.epoch:g}: test accuracy {header.accuracy:.3f}")


def require_converged(job: Job) -> None:
    """Raise ValueError, naming the epoch, where the training diverged: such a network answers nothing."""
    for epoch in job.epochs:
        try:
            check_weights(loading.network(job, epoch)[0])
        except ValueError as error:
            raise ValueError(f"epoch {epoch:g}: {error}") from error


def record_training(job: Job) -> None:
    """Enter every probed epoch's progress, and the generator's digest, in the atlas."""
    require_converged(job)
    for epoch in job.epochs:
        path = epoch_path(job.checkpoints, epoch)
        header = read_header(path)
        arrays: write.Arrays = {
            "step": np.int64(header.step),
            "images_seen": np.int64(header.images_seen),
            "accuracy": np.float32(header.accuracy),
            "loss": np.float32(header.loss),
            "checkpoint_digest": np.asarray(digest_file(path), dtype=object),
        }
        write.write_epoch(job.atlas, epoch, arrays, "trained")
    note = {"generator_digest": loading.generator_digest(job)}
    found = assess(job)
    if found is not None:
        note |= {"generator_quality": json.dumps(dataclasses.asdict(found))}
    write.note(job.atlas, "", note)
