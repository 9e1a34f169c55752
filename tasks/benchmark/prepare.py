"""What must be there before a cell runs: networks, a generator, what natural images do to the neurons."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from spikeatlas.snn.classifier import ClassifierSpec
from spikeatlas.snn.classifier import train_classifier as train_judge
from spikeatlas.snn.data import DataSpec
from spikeatlas.snn.generators import CodeLatent, GeneratorSpec
from spikeatlas.snn.generators import train_generator as train_generator_file
from spikeatlas.snn.generators.priors import train_prior as train_code_prior
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.training import TrainingSpec, read_header, train_network
from spikeatlas.tasks.benchmark import natural_codes, results_store
from spikeatlas.tasks.benchmark.cells import Setting
from spikeatlas.tasks.study.run import digest, plain
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.stopping import stop_asked


@lru_cache(maxsize=2)
def images_digest(data: DataSpec) -> str:
    """SHA-256 (hex) of the training images."""
    images = models.dataset(data).train.images
    return hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()


def network_key(network: NetworkSpec, training: TrainingSpec, data: DataSpec, seed: int) -> str:
    """Digest (hex) of what a trained network depends on; it marks the checkpoints."""
    return digest({
        "network": plain(network),
        "training": plain(training),
        "seed": seed,
        "images": images_digest(data),
    })  # fmt: skip


def is_trained(path: Path, key: str) -> bool:
    """Whether a checkpoint is there that ``key`` made."""
    return path.exists() and read_header(path).study == key


def train(
    network: NetworkSpec,
    training: TrainingSpec,
    data: DataSpec,
    folder: Path,
    seed: int,
    epoch: float,
) -> None:
    """Train one network; goes on from where it was stopped."""
    train_network(
        network, training, models.dataset(data), folder=folder, seed=seed,
        study=network_key(network, training, data, seed), epochs=(epoch,), should_stop=stop_asked,
    )  # fmt: skip


def train_generator(spec: GeneratorSpec, data: DataSpec, path: Path, seed: int) -> None:
    """Train the generator, unless its file is there."""
    if not spec.trained:
        return
    key = digest({"data": images_digest(data), "generator": plain(spec), "seed": seed})
    images = models.dataset(data).train.images
    train_generator_file(spec, images, path=path, seed=seed, study=key, should_stop=stop_asked)


def train_prior(
    held: tuple[GeneratorSpec, Path, str], data: DataSpec, path: Path, seed: int
) -> None:
    """Learn the priors of the generator's codes, unless their file is there."""
    model = models.generator_at(*held)
    assert isinstance(model.latent, CodeLatent)
    points = model.encode(models.dataset(data).train.images)
    latent = model.latent
    train_code_prior(
        points,
        latent.codes,
        latent.codebook,
        path=path,
        seed=seed,
        study=held[2],
        should_stop=stop_asked,
    )


def train_classifier(spec: ClassifierSpec, data: DataSpec, path: Path, seed: int) -> None:
    """Train the classifier, unless its file is there."""
    found = models.dataset(data)
    key = digest({"data": images_digest(data), "classifier": plain(spec), "seed": seed})
    train_judge(
        spec, found.train.images, found.train.labels, found.classes,
        path=path, seed=seed, study=key, should_stop=stop_asked,
    )  # fmt: skip


def observe(
    setting: Setting, data: DataSpec, count: int | None, training_seed: int, layers: Sequence[str]
) -> dict[str, natural_codes.Arrays]:
    """What ``count`` (None: all) natural test images do to one network's neurons."""
    images = models.dataset(data).test.images[:count]
    return natural_codes.natural_responses(setting, training_seed, layers, images)


def encode(setting: Setting, data: DataSpec) -> natural_codes.Arrays:
    """Latents of the training images."""
    return natural_codes.natural_latents(setting, models.dataset(data).train.images)


def observed_digest(setting: Setting, training_seed: int, count: int | None, test: str) -> str:
    """Digest (hex) of what such a group depends on."""
    return digest({
        "checkpoint": setting.checkpoints[training_seed][1],
        "generator": setting.generator[2],
        "network": plain(setting.network),
        "responder": [setting.batch_size, setting.kind],
        "seed": setting.seed,
        "images": [count, test],
    })  # fmt: skip


def pool_digest(setting: Setting) -> str:
    """Digest (hex) of what the pool of natural latents depends on."""
    return digest({"natural_latent": [setting.generator[2], setting.images]})


def drawn(
    path: Path, seed: int, training_seeds: Sequence[int], layers: Sequence[str]
) -> dict[tuple[int, str], tuple[int, ...]]:
    """The neurons of every network's layer that can be searched for, in the order drawn by ``seed``."""
    return {
        (training_seed, layer): natural_codes.draw(
            results_store.arrays(path, natural_codes.observed_name(training_seed, layer)),
            (seed, training_seed, place),
        )
        for training_seed in training_seeds
        for place, layer in enumerate(layers)
    }
