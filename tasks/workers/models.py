"""What a worker loads once and keeps: data, networks and generators, by what identifies them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import torch

from spikeatlas.optim import Points, Space
from spikeatlas.snn.classifier import Classifier, load_classifier
from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.data import DataSet, DataSpec, load_data
from spikeatlas.snn.files import digest_file
from spikeatlas.snn.generators import Generator, GeneratorSpec, digest_generator, open_generator
from spikeatlas.snn.generators.priors import CodePrior, load_prior
from spikeatlas.snn.generators.priors.code_prior import Kind
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork
from spikeatlas.snn.responder import Responder
from spikeatlas.snn.training import epoch_path, load_network
from spikeatlas.tasks.study import run_files
from spikeatlas.tasks.study.latent_space import space_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.specs import Indices

CARE = 4
"""How many times ``search.presentations`` a stimulus is shown for a measurement that counts."""

Held: TypeAlias = tuple[GeneratorSpec, Path, str]
"""A generator's specification, file and digest."""

CAREFUL = ("elite", "report")
"""Purposes of such measurements."""


def one_thread() -> None:
    """One torch thread in each worker: values then do not depend on the machine's load or cores."""
    torch.set_num_threads(1)


@lru_cache(maxsize=2)
def dataset(spec: DataSpec) -> DataSet:
    """The study's images."""
    return load_data(spec)


def generator(run: Run) -> Generator:
    """The study's generator."""
    return generator_at(*held(run))


def held(run: Run) -> Held:
    """What identifies the study's generator."""
    return run.generator, run.generator_file, generator_digest(run)


def generator_digest(run: Run) -> str:
    """Digest (hex) of what the study's generator is made of."""
    return digest_generator(run.generator, run.generator_file)


@lru_cache(maxsize=2)
def generator_at(spec: GeneratorSpec, path: Path, digest: str) -> Generator:
    """The generator in a file, or of an adapter, with that digest."""
    del digest  # identifies the content behind the path
    return open_generator(spec, path)


def has_code_prior(model: Generator) -> bool:
    """Whether a prior can be learnt of its latents: a square grid of codes, with a way to them from images."""
    square = math.isqrt(model.latent.size) ** 2 == model.latent.size
    return model.latent.kind == "codes" and model.encodes and square


def prior_file(run: Run) -> Path | None:
    """The file of the codes' priors; None for a generator without codes, or without a way to them."""
    if not has_code_prior(generator(run)):
        return None
    return run_files.prior_file(run.study, generator_digest(run))


def code_prior(run: Run, kind: Kind = "autoregressive") -> CodePrior | None:
    """A trained prior of the generator's codes; None where there is none."""
    path = prior_file(run)
    return None if path is None else prior_at(path, kind)


@lru_cache(maxsize=4)
def prior_at(path: Path, kind: Kind = "autoregressive") -> CodePrior:
    """A prior in a file, which is named by what made it."""
    return load_prior(path, kind)


@lru_cache(maxsize=1)
def classifier_at(path: Path) -> Classifier:
    """The classifier in a file, which is named by what made it."""
    return load_classifier(path)


def natural_points(run: Run) -> Points:
    """The study's training images through the generator's encoder, (n, d)."""
    return _natural_points(held(run), run.data, run.responder.batch_size)


@lru_cache(maxsize=1)
def _natural_points(made_of: Held, data: DataSpec, batch_size: int) -> Points:
    return generator_at(*made_of).encode(dataset(data).train.images, batch_size=batch_size)


def network(run: Run, epoch: float) -> tuple[SpikingNetwork, str]:
    """The network at ``epoch`` and its checkpoint's digest."""
    path = epoch_path(run.checkpoints, epoch)
    digest = digest_file(path)
    data = dataset(run.data)
    return network_at(
        path, digest, run.network, data.train.images.shape[1:], len(data.classes)
    ), digest


@lru_cache(maxsize=8)
def network_at(
    path: Path, digest: str, spec: NetworkSpec, shape: tuple[int, int, int], classes: int
) -> SpikingNetwork:
    """The network in a file with that digest, for images (c, h, w) of so many classes."""
    del digest  # identifies the content behind the path
    return load_network(path, spec, shape, classes)


def responder(run: Run, epoch: float, purpose: str, neurons: Mapping[str, Indices]) -> Responder:
    """The responder of one epoch for some neurons of some layers.

    The noise of a stochastic coding is this purpose's own.
    """
    net, digest = network(run, epoch)
    return make_responder(run, net, noise(run, digest, purpose), neurons)


def make_responder(
    run: Run, net: SpikingNetwork, own_noise: CodingKey, neurons: Mapping[str, Indices]
) -> Responder:
    """A responder as the study wants it."""
    return Responder(
        net,
        list(neurons),
        neurons=neurons,
        kind=run.responder.kind,
        batch_size=run.responder.batch_size,
        memory=run.responder.memory,
        key=own_noise,
        presentations=showings(run, own_noise.purpose),
    )


def showings(run: Run, purpose: str) -> int:
    """Times a stimulus is shown for one response.

    With a stochastic coding, elites and what is reported are measured with care: no search follows
    that could be better served by more images.
    """
    care = CARE if run.stochastic and purpose in CAREFUL else 1
    return run.search.presentations * care


def noise(run: Run, checkpoint: str, purpose: str) -> CodingKey:
    """What a stochastic coding draws from: the study's seed, the checkpoint and the purpose."""
    return CodingKey(seed=run.seed, checkpoint=checkpoint, purpose=purpose, presentation=0)


def search_space(run: Run) -> Space:
    """Which latents a search may choose from."""
    kind = run.search.prior
    prior = None if kind == "uniform" else code_prior(run, kind)
    return space_of(generator(run).latent, run.search.space, prior)
