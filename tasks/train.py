"""Units of work that make the generator and the network's checkpoints, each resumable at any kill."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from snn.checkpoint import digest_file
from snn.generators import AdapterSpec, EpochRecord, Generator
from snn.generators import train_generator as train_generator_file
from snn.training import CheckpointHeader, epoch_path, read_header
from snn.training import train_network as train_checkpoints
from tasks import loading
from tasks.atlas import write
from tasks.job import Job
from tasks.stopping import stop_asked

log = logging.getLogger("spikeatlas")


def train_generator(job: Job) -> Path:
    """Train the study's generator on its training images, unless its file is there."""
    loading.one_thread()
    if not isinstance(job.generator, AdapterSpec) and not job.generator_file.exists():
        images = loading.dataset(job.data).train.images
        train_generator_file(
            job.generator, images, path=job.generator_file, seed=job.seed,
            study=job.generator_key, should_stop=stop_asked, on_epoch=_tell_generator,
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


def _tell_generator(record: EpochRecord, _generator: Generator) -> None:
    log.info(f"generator epoch {record.epoch}: {record}")


def _tell_network(header: CheckpointHeader) -> None:
    log.info(f"network epoch {header.epoch:g}: test accuracy {header.accuracy:.3f}")


def record_training(job: Job) -> None:
    """Enter every probed epoch's progress, and the generator's digest, in the atlas."""
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
    write.note(job.atlas, "", {"generator_digest": loading.generator_digest(job)})
