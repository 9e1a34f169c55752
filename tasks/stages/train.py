"""The training of networks, generators, priors and classifiers, each resumable at any kill.

The functions named ``make_*`` train one file, for runs and benchmarks alike; the others make a run's own.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Points
from spikeatlas.snn.classifier import ClassifierRecord
from spikeatlas.snn.classifier import train_classifier as train_classifier_file
from spikeatlas.snn.generators import CodeLatent, EpochRecord, Generator
from spikeatlas.snn.generators import train_generator as train_generator_file
from spikeatlas.snn.generators.priors import PriorRecord
from spikeatlas.snn.generators.priors import train_prior as train_prior_file
from spikeatlas.snn.importance.ablation import performance
from spikeatlas.snn.networks import Architecture
from spikeatlas.snn.subjects import Progress
from spikeatlas.snn.training import CheckpointHeader
from spikeatlas.snn.training import train_network as train_checkpoints
from spikeatlas.tasks.atlas import TRAINED, write
from spikeatlas.tasks.stages.assess import assess
from spikeatlas.tasks.stages.quality.collapse import require_variety, variety_of
from spikeatlas.tasks.stages.quality.samples import QualityCurve
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.setup import Setup
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.stopping import stop_asked

log = logging.getLogger("spikeatlas")


def make_generator(
    setup: Setup | Run,
    path: Path,
    key: str,
    on_epoch: Callable[[EpochRecord, Generator], None] | None = None,
) -> None:
    """Train a generator on the training images, unless its file is there or it is an adapter."""
    if setup.generator.trained and not path.exists():
        images = models.dataset(setup.data).train.images
        train_generator_file(
            setup.generator,
            images,
            path=path,
            seed=setup.seed,
            study=key,
            should_stop=stop_asked,
            on_epoch=on_epoch,
        )


def make_network(
    setup: Setup | Run, folder: Path, seed: int, key: str, epochs: Sequence[float]
) -> None:
    """Train a network, with a checkpoint for each of ``epochs`` and each whole one."""
    architecture = setup.network
    # what a study may train has an architecture of ours
    assert isinstance(architecture, Architecture)
    train_checkpoints(
        architecture,
        setup.training,
        models.dataset(setup.data),
        folder=folder,
        seed=seed,
        study=key,
        epochs=epochs,
        should_stop=stop_asked,
        on_epoch=_log_network,
    )


def make_prior(points: Points, latent: CodeLatent, path: Path, seed: int, key: str) -> None:
    """Learn the priors of codes from points (n, positions), unless their file is there."""
    if not path.exists():
        train_prior_file(
            points,
            latent.codes,
            latent.codebook,
            path=path,
            seed=seed,
            study=key,
            should_stop=stop_asked,
            on_epoch=_log_prior,
        )


def make_classifier(setup: Setup | Run, path: Path, key: str) -> None:
    """Train a setup's classifier, unless it has none or its file is there."""
    if setup.classifier is not None and not path.exists():
        data = models.dataset(setup.data)
        train_classifier_file(
            setup.classifier,
            data.train.images,
            data.train.labels,
            data.classes,
            path=path,
            seed=setup.seed,
            study=key,
            should_stop=stop_asked,
            on_epoch=_log_classifier,
        )


def train_generator(run: Run) -> Path:
    """Train the study's generator on its training images, unless its file is there, or nothing is searched."""
    if run.search.methods and run.generator.trained and not run.generator_file.exists():
        make_generator(run, run.generator_file, run.generator_key, QualityCurve(run))
    return run.generator_file


def train_network(run: Run) -> Path:
    """Train the study's network, a checkpoint per epoch, unless it comes trained."""
    if run.network.trained_here:
        make_network(run, run.checkpoints, run.seed, run.digest, run.epochs)
    return run.checkpoints


def train_prior(run: Run) -> Path | None:
    """Learn the priors of the generator's codes from the training images; None where it has none, or for no search."""
    if not run.search.methods:
        return None
    path = models.prior_file(run)
    if path is not None and not path.exists():
        latent = models.generator(run).latent
        assert isinstance(latent, CodeLatent)
        make_prior(models.natural_points(run), latent, path, run.seed, path.stem)
    return path


def train_classifier(run: Run) -> Path | None:
    """Train what judges the generator's images, if the study has such a judge."""
    if run.classifier is None:
        return None
    make_classifier(run, run.classifier_file, run.classifier_file.stem)
    return run.classifier_file


def _log_prior(record: PriorRecord) -> None:
    log.info(f"prior of the codes, {record}")


def _log_classifier(record: ClassifierRecord) -> None:
    log.info(f"classifier epoch {record.epoch}: {record}")


def _log_network(header: CheckpointHeader) -> None:
    numbers = {
        "test accuracy": f"{header.accuracy:.3f}",
        "mean return": f"{header.mean_return:,.1f}",
    }
    words = "".join(f": {name} {number}" for name, number in numbers.items() if number != "nan")
    log.info(f"network epoch {header.epoch:g}{words}")


def require_converged(run: Run) -> None:
    """Raise ValueError, naming the epoch, where the training diverged: such a network answers nothing."""
    for epoch in run.epochs:
        try:
            models.subject(run, epoch)[0].check()
        except ValueError as error:
            raise ValueError(f"epoch {epoch:g}: {error}") from error


def record_training(run: Run) -> None:
    """Enter every probed epoch's progress, and the generator's digest, in the atlas."""
    record_network(run)
    record_generator(run)


def record_network(run: Run) -> None:
    """Enter every probed epoch's progress in the atlas."""
    require_converged(run)
    source = models.source(run)
    for epoch in run.epochs:
        progress = _measured(run, epoch, source.progress(epoch))
        arrays: write.Arrays = {
            "progress/step": np.int64(progress.step),
            "progress/images_seen": np.int64(progress.images_seen),
            "progress/accuracy": np.float32(progress.accuracy),
            "progress/loss": np.float32(progress.loss),
            "progress/checkpoint_digest": np.asarray(source.digest(epoch), dtype=object),
        }
        if source.network_digest:
            fingerprint = np.asarray(source.fingerprint(epoch), dtype=object)
            arrays = {**arrays, "progress/fingerprint": fingerprint}
        if source.scaled_steps:
            arrays = {**arrays, "progress/time_steps/scale": _step_scales(run, epoch)}
        if source.acts:
            arrays = {**arrays, "progress/acting/mean_return": np.float32(progress.mean_return)}
        if source.certified:
            optimum = models.subject(run, epoch)[0].optimum
            further = {f"progress/optimum/{name}": values for name, values in optimum.items()}
            arrays = {**arrays, **further}
        write.write_epoch(run.atlas, epoch, arrays, TRAINED)


def _step_scales(run: Run, epoch: float) -> NDArray[np.float32]:
    """Scales (layers, T) of the time steps, NaN for a layer that has none."""
    subject, _ = models.subject(run, epoch)
    scales, steps = subject.step_scales, models.source(run).scaled_steps
    none = np.full(steps, np.nan, np.float32)
    return np.stack([scales.get(layer, none) for layer in run.layers])


def record_generator(run: Run) -> None:
    """Enter the digest and the quality of what makes a search's stimuli; ValueError where it has collapsed."""
    if not run.search.methods:
        return
    variety, assessment = variety_of(run), assess(run)
    quality = {} if assessment is None else dataclasses.asdict(assessment)
    quality["variety"] = dataclasses.asdict(variety)
    digest = models.generator_digest(run)
    write.note(
        run.atlas, "", {"generator_digest": digest, "generator_quality": json.dumps(quality)}
    )
    require_variety(run, variety)
    if variety.doubt is not None:
        log.warning(variety.doubt)


def _measured(run: Run, epoch: float, progress: Progress) -> Progress:
    """Return what is known of a training, with accuracy and loss on the test images where nobody else tells them."""
    subject, digest = models.subject(run, epoch)
    if subject.classes is None or not (math.isnan(progress.accuracy) or math.isnan(progress.loss)):
        return progress
    test = models.dataset(run.data).test
    scores = subject.scores(test.images, models.showing(run, digest, "accuracy"))
    measured = performance(scores[None], test.labels)
    return dataclasses.replace(
        progress,
        accuracy=_known(progress.accuracy, float(measured.accuracy[0])),
        loss=_known(progress.loss, float(measured.loss[0])),
    )


def _known(value: float, measured: float) -> float:
    return measured if math.isnan(value) else value
