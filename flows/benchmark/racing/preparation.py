"""The preparation of a benchmark: networks, a generator, and the responses to natural images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from spikeatlas.flows.benchmark.racing.bench import Bench
from spikeatlas.snn.data import DataSpec
from spikeatlas.snn.files import digest_file
from spikeatlas.snn.generators import CodeLatent, digest_generator
from spikeatlas.snn.networks import NetworkSite, pixel_statistics
from spikeatlas.snn.subjects import ChainSubject
from spikeatlas.snn.training import epoch_path, read_header
from spikeatlas.tasks.benchmark import natural_codes, results_store
from spikeatlas.tasks.benchmark.cells import MAIN, NATURAL, Neurons, Setting
from spikeatlas.tasks.stages import train
from spikeatlas.tasks.study.digests import digest, json_values
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.workers import models

NeuronsByLayer = dict[tuple[int, str], Neurons]
"""By training seed and layer."""


@lru_cache(maxsize=2)
def images_digest(data: DataSpec) -> str:
    """Return the SHA-256 (hex) of the training images."""
    images = models.dataset(data).train.images
    return hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()


def network_key(bench: Bench, seed: int) -> str:
    """Return the digest (hex) of what a trained network depends on; it marks the checkpoints."""
    return digest(
        {
            "network": json_values(bench.network),
            "training": json_values(bench.training),
            "seed": seed,
            "images": images_digest(bench.data),
        }
    )


def checkpoint(bench: Bench, seed: int) -> Path:
    """Return the file of the network of one training seed."""
    return epoch_path(bench.folder(seed), bench.epoch)


def is_trained(bench: Bench, seed: int) -> bool:
    """Return True where a network is there, made by these fields from these images."""
    path = checkpoint(bench, seed)
    return path.exists() and read_header(path).study == network_key(bench, seed)


def untrained(bench: Bench) -> ChainSubject:
    """Return the network as it is before any training."""
    data = models.dataset(bench.data)
    mean, std = pixel_statistics(data.train.images)
    site = NetworkSite(data.shape, len(data.classes), mean, std, seed=0)
    return ChainSubject(bench.network.build(site).eval())


def generator_source(bench: Bench) -> models.GeneratorSource:
    """Return what identifies the generator."""
    key = digest_generator(bench.generator, bench.generator_file)
    return models.GeneratorSource(
        bench.generator, bench.generator_file, key, bench.responder.device
    )


def part_key(bench: Bench, part: Literal["generator", "classifier"]) -> str:
    """Return the digest (hex) of what a trained part of a benchmark depends on."""
    values = json_values(getattr(bench, part))
    return digest({"data": images_digest(bench.data), part: values, "seed": bench.seed})


def train_generator(bench: Bench, pool: ProcessPoolExecutor) -> Iterator[str]:
    """Train the generator, unless it is there."""
    if not bench.generator_file.exists():
        yield "training the generator"
        key = part_key(bench, "generator")
        pool.submit(train.make_generator, bench, bench.generator_file, key).result()


def train_judges(bench: Bench, pool: ProcessPoolExecutor) -> Iterator[str]:
    """Train what tells how natural stimuli are, where that is asked for and not there."""
    if bench.prior_file is not None and not bench.prior_file.exists():
        yield "learning the prior of the codes"
        pool.submit(train_prior, bench, bench.prior_file).result()
    if bench.classifier is not None and not bench.classifier_file.exists():
        yield "training the classifier"
        key = part_key(bench, "classifier")
        pool.submit(train.make_classifier, bench, bench.classifier_file, key).result()


def train_prior(bench: Bench, path: Path) -> None:
    """Learn the priors of the generator's codes, in a worker."""
    source = generator_source(bench)
    model = models.generator_at(source)
    assert isinstance(model.latent, CodeLatent)
    points = model.encode(models.dataset(bench.data).train.images)
    train.make_prior(points, model.latent, path, bench.seed, source.digest)


def train_networks(bench: Bench, pool: ProcessPoolExecutor) -> Iterator[str]:
    """Train the networks that are not there yet, or that other fields or images made."""
    futures = {
        seed: pool.submit(
            train.make_network,
            bench,
            bench.folder(seed),
            seed,
            network_key(bench, seed),
            (bench.epoch,),
        )
        for seed in bench.training_seeds
        if not is_trained(bench, seed)
    }
    for seed, future in futures.items():
        future.result()
        yield f"the network of training seed {seed} is trained"


def make_setting(bench: Bench) -> Setting:
    """Return what all cells have in common, once networks and generator are there."""
    data = models.dataset(bench.data)
    paths = {seed: checkpoint(bench, seed) for seed in bench.training_seeds}
    return Setting(
        setup=bench,
        shape=data.shape,
        classes=len(data.classes),
        checkpoints={seed: (path, digest_file(path)) for seed, path in paths.items()},
        generator=generator_source(bench),
        prior=bench.prior_file,
        images=images_digest(bench.data),
        store=bench.store,
    )


def observe(bench: Bench, setting: Setting, pool: ProcessPoolExecutor) -> Iterator[str]:
    """Show natural images to the networks, and encode those that a method may know."""
    futures = _submit_observations(bench, setting, pool)
    encoding = _submit_encoding(bench, setting, pool)
    for future in as_completed(futures):
        seed = futures[future]
        key = _observed_digest(bench, setting, seed)
        for layer, arrays in future.result().items():
            attributes = {"training_seed": seed, "layer": layer}
            name = natural_codes.observed_name(seed, layer)
            results_store.write(bench.store, name, arrays, attributes, key)
    if encoding:
        key = natural_codes.pool_digest(setting)
        results_store.write(bench.store, results_store.POOL, encoding.result(), {}, key)
    for seed in bench.training_seeds:
        for layer in bench.layers:
            yield _counted(bench, seed, layer)


def _submit_observations(
    bench: Bench, setting: Setting, pool: ProcessPoolExecutor
) -> dict[Future[dict[str, natural_codes.Arrays]], int]:
    futures = {}
    for seed in bench.training_seeds:
        key = _observed_digest(bench, setting, seed)
        names = [natural_codes.observed_name(seed, layer) for layer in bench.layers]
        if not all(results_store.done(bench.store, name, key) for name in names):
            arguments = setting, bench.natural, seed, bench.layers
            futures[pool.submit(natural_codes.observe, *arguments)] = seed
    return futures


def _observed_digest(bench: Bench, setting: Setting, seed: int) -> str:
    test = models.dataset(bench.data).digest()
    return natural_codes.observed_digest(setting, seed, bench.natural, test)


def _submit_encoding(
    bench: Bench, setting: Setting, pool: ProcessPoolExecutor
) -> Future[natural_codes.Arrays] | None:
    key = natural_codes.pool_digest(setting)
    needed = any(method.knowledge == NATURAL for method in bench.methods)
    if not needed or results_store.done(bench.store, results_store.POOL, key):
        return None
    return pool.submit(natural_codes.encode, setting)


def _counted(bench: Bench, seed: int, layer: str) -> str:
    arrays = results_store.arrays(bench.store, natural_codes.observed_name(seed, layer))
    able = natural_codes.draw(arrays, (0,))
    return (
        f"seed {seed} {layer}: {len(arrays['active'])} neurons, {int(natural_codes.silent(arrays).sum())} silent, "
        f"{int(natural_codes.saturated(arrays).sum())} saturated, {len(able)} respond to at least 1 % of test images"
    )


def is_observed(bench: Bench) -> bool:
    """Return True where the natural images have been shown to every network."""
    return all(
        results_store.done(bench.store, natural_codes.observed_name(seed, layer))
        for seed in bench.training_seeds
        for layer in bench.layers
    )


def draw_neurons(bench: Bench) -> NeuronsByLayer:
    """Return the neurons to search for; StudyError where fewer respond than the benchmark asks for."""
    neurons = natural_codes.neurons_to_search(
        bench.store, bench.seed, bench.training_seeds, bench.layers
    )
    problems = [
        f"{'neurons' if group == MAIN else 'sharing.neurons'}: {count} are asked for, but layer {layer} of "
        f"the network of training seed {seed} has {len(neurons[seed, layer])} that respond to at least 1 % of "
        "natural test images; ask for fewer"
        for seed, layer, group, count in bench.matrix.groups()
        if len(neurons[seed, layer]) < count
    ]
    if problems:
        raise StudyError(problems)
    return neurons
