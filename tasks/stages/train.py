"""Units of work that make the generator and the network's checkpoints, each resumable at any kill."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path

import numpy as np

from spikeatlas.snn.classifier import ClassifierRecord
from spikeatlas.snn.classifier import train_classifier as train_classifier_file
from spikeatlas.snn.files import digest_file
from spikeatlas.snn.generators import CodeLatent
from spikeatlas.snn.generators import train_generator as train_generator_file
from spikeatlas.snn.generators.priors import PriorRecord
from spikeatlas.snn.generators.priors import train_prior as train_prior_file
from spikeatlas.snn.responder import check_weights
from spikeatlas.snn.training import CheckpointHeader, epoch_path, read_header
from spikeatlas.snn.training import train_network as train_checkpoints
from spikeatlas.tasks.atlas import write
from spikeatlas.tasks.stages.assess import QualityCurve, assess
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.stopping import stop_asked

log = logging.getLogger("spikeatlas")


def train_generator(run: Run) -> Path:
    """Train the study's generator on its training images, unless its file is there."""
    models.one_thread()
    if run.generator.trained and not run.generator_file.exists():
        images = models.dataset(run.data).train.images
        train_generator_file(
            run.generator, images, path=run.generator_file, seed=run.seed,
            study=run.generator_key, should_stop=stop_asked, on_epoch=QualityCurve(run),
        )  # fmt: skip
    return run.generator_file


def train_network(run: Run) -> Path:
    """Train the study's network, a checkpoint per epoch, unless its checkpoints are given."""
    models.one_thread()
    if run.network.checkpoints is None:
        train_checkpoints(
            run.network, run.training, models.dataset(run.data), folder=run.checkpoints,
            seed=run.seed, study=run.study, epochs=run.epochs, should_stop=stop_asked, on_epoch=_tell_network,
        )  # fmt: skip
    return run.checkpoints


def train_prior(run: Run) -> Path | None:
    """Learn the priors of the generator's codes from the training images; None where it has none."""
    models.one_thread()
    path = models.prior_file(run)
    if path is not None and not path.exists():
        latent = models.generator(run).latent
        assert isinstance(latent, CodeLatent)
        train_prior_file(
            models.natural_points(run), latent.codes, latent.codebook, path=path, seed=run.seed,
            study=path.stem, should_stop=stop_asked, on_epoch=_tell_prior,
        )  # fmt: skip
    return path


def train_classifier(run: Run) -> Path | None:
    """Train what judges the generator's images, if the study has such a judge."""
    models.one_thread()
    if run.classifier is None:
        return None
    data = models.dataset(run.data)
    if not run.classifier_file.exists():
        train_classifier_file(
            run.classifier, data.train.images, data.train.labels, data.classes, path=run.classifier_file,
            seed=run.seed, study=run.classifier_file.stem, should_stop=stop_asked, on_epoch=_tell_classifier,
        )  # fmt: skip
    return run.classifier_file


def _tell_prior(record: PriorRecord) -> None:
    log.info(f"prior of the codes, {record}")


def _tell_classifier(record: ClassifierRecord) -> None:
    log.info(f"classifier epoch {record.epoch}: {record}")


def _tell_network(header: CheckpointHeader) -> None:
    log.info(f"network epoch {header.epoch:g}: test accuracy {header.accuracy:.3f}")


def require_converged(run: Run) -> None:
    """Raise ValueError, naming the epoch, where the training diverged: such a network answers nothing."""
    for epoch in run.epochs:
        try:
            check_weights(models.network(run, epoch)[0])
        except ValueError as error:
            raise ValueError(f"epoch {epoch:g}: {error}") from error


def record_training(run: Run) -> None:
    """Enter every probed epoch's progress, and the generator's digest, in the atlas."""
    require_converged(run)
    for epoch in run.epochs:
        path = epoch_path(run.checkpoints, epoch)
        header = read_header(path)
        arrays: write.Arrays = {
            "step": np.int64(header.step),
            "images_seen": np.int64(header.images_seen),
            "accuracy": np.float32(header.accuracy),
            "loss": np.float32(header.loss),
            "checkpoint_digest": np.asarray(digest_file(path), dtype=object),
        }
        write.write_epoch(run.atlas, epoch, arrays, "trained")
    note = {"generator_digest": models.generator_digest(run)}
    found = assess(run)
    if found is not None:
        note |= {"generator_quality": json.dumps(dataclasses.asdict(found))}
    write.note(run.atlas, "", note)
