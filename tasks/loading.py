"""What a worker loads once and keeps: data, networks and generators, by what identifies them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from optim import CodeSpace, Space
from optim.space import Points
from snn.checkpoint import digest_file
from snn.coding import Noise
from snn.data import DataSet, DataSpec, load_data
from snn.generators import CodeGenerator, load_generator
from snn.networks import NetworkSpec, SpikingNetwork
from snn.responder import Responder
from snn.training import epoch_path, load_network
from tasks.job import Indices, Job

CARE = 4
"""How many times ``search.presentations`` a stimulus is shown for a measurement that counts."""

CAREFUL = ("elite", "report")
"""Purposes of such measurements."""


def one_thread() -> None:
    """One torch thread in each worker: values then do not depend on the machine's load or cores."""
    torch.set_num_threads(1)


@lru_cache(maxsize=2)
def dataset(spec: DataSpec) -> DataSet:
    """The study's images."""
    return load_data(spec)


def generator(job: Job) -> CodeGenerator:
    """The study's generator."""
    return generator_at(job.generator_file, digest_file(job.generator_file))


@lru_cache(maxsize=2)
def generator_at(path: Path, digest: str) -> CodeGenerator:
    """The generator in a file with that digest."""
    del digest  # identifies the content behind the path
    return load_generator(path)


def natural_points(job: Job) -> Points:
    """The study's training images through the generator's encoder, (n, positions)."""
    digest = digest_file(job.generator_file)
    return _natural_points(job.generator_file, digest, job.data, job.responder.batch_size)


@lru_cache(maxsize=1)
def _natural_points(path: Path, digest: str, data: DataSpec, batch_size: int) -> Points:
    return generator_at(path, digest).encode(dataset(data).train.images, batch_size=batch_size)


def network(job: Job, epoch: float) -> tuple[SpikingNetwork, str]:
    """The network at ``epoch`` and its checkpoint's digest."""
    path = epoch_path(job.checkpoints, epoch)
    digest = digest_file(path)
    data = dataset(job.data)
    return network_at(
        path, digest, job.network, data.train.images.shape[1:], len(data.classes)
    ), digest


@lru_cache(maxsize=8)
def network_at(
    path: Path, digest: str, spec: NetworkSpec, shape: tuple[int, int, int], classes: int
) -> SpikingNetwork:
    """The network in a file with that digest, for images (c, h, w) of so many classes."""
    del digest  # identifies the content behind the path
    return load_network(path, spec, shape, classes)


def responder(job: Job, epoch: float, purpose: str, neurons: Mapping[str, Indices]) -> Responder:
    """The responder of one epoch for some neurons of some layers.

    The noise of a stochastic coding is this purpose's own.
    """
    net, digest = network(job, epoch)
    return make_responder(job, net, noise(job, digest, purpose), neurons)


def make_responder(
    job: Job, net: SpikingNetwork, own_noise: Noise, neurons: Mapping[str, Indices]
) -> Responder:
    """A responder as the study wants it."""
    return Responder(
        net,
        list(neurons),
        neurons=neurons,
        kind=job.responder.kind,
        batch_size=job.responder.batch_size,
        memory=job.responder.memory,
        noise=own_noise,
        presentations=showings(job, own_noise.purpose),
    )


def showings(job: Job, purpose: str) -> int:
    """Times a stimulus is shown for one response.

    With a stochastic coding, elites and what is reported are measured with care: no search follows
    that could be better served by more images.
    """
    care = CARE if job.stochastic and purpose in CAREFUL else 1
    return job.search.presentations * care


def noise(job: Job, checkpoint: str, purpose: str) -> Noise:
    """What a stochastic coding draws from: the study's seed, the checkpoint and the purpose."""
    return Noise(seed=job.seed, checkpoint=checkpoint, purpose=purpose, presentation=0)


def space(model: CodeGenerator) -> Space:
    """The search space of a generator's latents."""
    latent = model.latent
    return CodeSpace(positions=latent.positions, codes=latent.codes, embedding=latent.codebook)


def codes(points: Points) -> NDArray[np.int64]:
    """Points of a code space as the generator takes them."""
    return points.astype(np.int64, copy=False)
