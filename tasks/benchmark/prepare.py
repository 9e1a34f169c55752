"""What must be there before a cell runs: networks, a generator, what natural images do to the neurons."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from snn.classifier import ClassifierSpec
from snn.classifier import train_classifier as train_judge
from snn.data import DataSpec
from snn.generators import AdapterSpec, CodeLatent, GeneratorSpec
from snn.generators import train_generator as train_generator_file
from snn.networks import NetworkSpec
from snn.priors import train_prior as train_code_prior
from snn.training import TrainingSpec, read_header, train_network
from tasks import loading
from tasks.benchmark import natural, store
from tasks.benchmark.cells import Setting
from tasks.job import digest, plain
from tasks.stopping import stop_asked


@lru_cache(maxsize=2)
def images_digest(data: DataSpec) -> str:
    """SHA-256 (hex) of the training images."""
    images = loading.dataset(data).train.images
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
        network, training, loading.dataset(data), folder=folder, seed=seed,
        study=network_key(network, training, data, seed), epochs=(epoch,), should_stop=stop_asked,
    )  # fmt: skip


def train_generator(spec: GeneratorSpec, data: DataSpec, path: Path, seed: int) -> None:
    """Train the generator, unless its file is there."""
    if isinstance(spec, AdapterSpec):
        return
    key = digest({"data": images_digest(data), "generator": plain(spec), "seed": seed})
    images = loading.dataset(data).train.images
    train_generator_file(spec, images, path=path, seed=seed, study=key, should_stop=stop_asked)


def train_prior(
    held: tuple[GeneratorSpec, Path, str], data: DataSpec, path: Path, seed: int
) -> None:
    """Learn the priors of the generator's codes, unless their file is there."""
    model = loading.generator_at(*held)
    assert isinstance(model.latent, CodeLatent)
    points = model.encode(loading.dataset(data).train.images)
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
    found = loading.dataset(data)
    key = digest({"data": images_digest(data), "classifier": plain(spec), "seed": seed})
    train_judge(
        spec, found.train.images, found.train.labels, found.classes,
        path=path, seed=seed, study=key, should_stop=stop_asked,
    )  # fmt: skip


def observe(
    setting: Setting, data: DataSpec, count: int | None, training_seed: int, layers: Sequence[str]
) -> dict[str, natural.Arrays]:
    """What ``count`` (None: all) natural test images do to one network's neurons."""
    images = loading.dataset(data).test.images[:count]
    return natural.natural_responses(setting, training_seed, layers, images)


def encode(setting: Setting, data: DataSpec) -> natural.Arrays:
    """Latents of the training images."""
    return natural.natural_latents(setting, loading.dataset(data).train.images)


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
        (training_seed, layer): natural.draw(
            store.arrays(path, natural.observed_name(training_seed, layer)),
            (seed, training_seed, place),
        )
        for training_seed in training_seeds
        for place, layer in enumerate(layers)
    }
