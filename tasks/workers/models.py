"""The models that a worker loads once and keeps: data, networks and generators, by what identifies them.

The functions named ``*_at`` load a file for runs and benchmarks alike; the others find a run's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from spikeatlas.optim import Points, Space
from spikeatlas.snn.classifier import Classifier, load_classifier
from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.data import DataSet, DataSpec, load_data
from spikeatlas.snn.device import Device
from spikeatlas.snn.generators import Generator, GeneratorSpec, digest_generator, open_generator
from spikeatlas.snn.generators.priors import CodePrior, PriorKind, load_prior
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.readings import Reading, UnitChoice
from spikeatlas.snn.subjects import (
    ChainSpec,
    ChainSubject,
    Respond,
    Showing,
    Source,
    Subject,
    SubjectSpec,
    read_source,
)
from spikeatlas.snn.training import load_network
from spikeatlas.tasks.study import run_files
from spikeatlas.tasks.study.latent_space import space_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.setup import Setup
from spikeatlas.tasks.study.specs import Indices, ProbeSpec, ResponderSpec
from spikeatlas.tasks.study.study import Study

CARE = 4
"""How many times ``search.presentations`` a stimulus is shown for a measurement that counts."""

CAREFUL = ("elite", "report", "known")
"""Purposes of such measurements."""


class GeneratorSource(NamedTuple):
    """A generator that can be loaded."""

    spec: GeneratorSpec
    path: Path
    digest: str
    """Of what it is made of (hex): it identifies the content behind the path."""
    device: Device = "cpu"
    """Where it computes."""


class ReadNetwork(NamedTuple):
    """A network along its training, and what is read of it."""

    spec: SubjectSpec
    data: DataSpec
    folder: Path
    """Of the checkpoints that training here writes."""
    reading: Reading
    unit: UnitChoice
    length: int | None = None
    """Time steps of a showing, if not the network's own."""


@lru_cache(maxsize=2)
def dataset(spec: DataSpec) -> DataSet:
    """Return the images of a setup."""
    return load_data(spec)


@lru_cache(maxsize=2)
def generator_at(source: GeneratorSource) -> Generator:
    """Return the generator in a file, or of an adapter."""
    return open_generator(source.spec, source.path).on(source.device)


@lru_cache(maxsize=4)
def prior_at(path: Path, kind: PriorKind = "autoregressive") -> CodePrior:
    """Return a prior in a file, which is named by what made it."""
    return load_prior(path, kind)


@lru_cache(maxsize=1)
def classifier_at(path: Path) -> Classifier:
    """Return the classifier in a file, which is named by what made it."""
    return load_classifier(path)


@lru_cache(maxsize=4)
def plain_source_at(spec: SubjectSpec, data: DataSpec, folder: Path) -> Source:
    """Return the epochs of a network, of which training here leaves checkpoints in ``folder``."""
    return spec.source(dataset(data), folder)


@lru_cache(maxsize=4)
def source_at(network: ReadNetwork) -> Source:
    """Return the epochs of a network as they are read."""
    source = plain_source_at(network.spec, network.data, network.folder)
    if network.length is not None:
        source = source.at_length(network.length)
    return read_source(source, network.reading, network.unit)


@lru_cache(maxsize=8)
def subject_at(network: ReadNetwork, epoch: float, digest: str) -> Subject:
    """Return the network of an epoch with that digest, as it is read."""
    del digest  # identifies the content behind the epoch
    return source_at(network).open(epoch)


@lru_cache(maxsize=8)
def chain_at(
    path: Path, digest: str, spec: ChainSpec, shape: tuple[int, int, int], classes: int
) -> ChainSubject:
    """Return the chain in a file with that digest, for images (c, h, w) of so many classes."""
    del digest  # identifies the content behind the path
    network = load_network(path, spec, shape, classes)
    assert isinstance(network, SpikingNetwork)
    return ChainSubject(network)


@lru_cache(maxsize=1)
def natural_points_at(source: GeneratorSource, data: DataSpec, batch_size: int) -> Points:
    """Return the training images through a generator's encoder, (n, d)."""
    return generator_at(source).encode(dataset(data).train.images, batch_size=batch_size)


def showing_of(spec: ResponderSpec, key: CodingKey, presentations: int = 1) -> Showing:
    """Return how stimuli are shown.

    ``key``: the random numbers of a stochastic network; ``presentations``: showings of a stimulus for one response.
    """
    return Showing(spec.batch_size, key, presentations, spec.kind, spec.memory, device=spec.device)


def generator(run: Run) -> Generator:
    """Return the run's generator."""
    return generator_at(generator_source(run))


def generator_source(run: Run) -> GeneratorSource:
    """Return what identifies the run's generator."""
    digest = generator_digest(run)
    return GeneratorSource(run.generator, run.generator_file, digest, run.responder.device)


def generator_digest(run: Run) -> str:
    """Return the digest (hex) of what the run's generator is made of."""
    return digest_generator(run.generator, run.generator_file)


def natural_points(run: Run) -> Points:
    """Return the run's training images through its generator's encoder, (n, d)."""
    return natural_points_at(generator_source(run), run.data, run.responder.batch_size)


def has_code_prior(model: Generator) -> bool:
    """Return True where a prior of the latents can be learnt: a square grid of codes, and an encoder."""
    square = math.isqrt(model.latent.size) ** 2 == model.latent.size
    return model.latent.kind == "codes" and model.encodes and square


def prior_file(run: Run) -> Path | None:
    """Return the file of the codes' priors; None for a generator that can have none."""
    if not has_code_prior(generator(run)):
        return None
    return run_files.prior_file(run.study, generator_digest(run))


def code_prior(run: Run, kind: PriorKind = "autoregressive") -> CodePrior | None:
    """Return a trained prior of the generator's codes; None where there is none."""
    path = prior_file(run)
    return None if path is None else prior_at(path, kind)


def search_space(run: Run) -> Space:
    """Return the space of latents that a search may choose from."""
    kind = run.search.prior
    prior = None if kind == "uniform" else code_prior(run, kind)
    return space_of(generator(run).latent, run.search.space, prior)


def source(setup: Setup | Run) -> Source:
    """Return the epochs of a setup's network, read as its study says."""
    return source_at(read_network(setup))


def plain_source(setup: Setup | Run) -> Source:
    """Return the epochs of a setup's network, whatever is read of it."""
    return plain_source_at(*read_network(setup)[:3])


def read_network(setup: Setup | Run) -> ReadNetwork:
    """Return what identifies a setup's network as its study reads it; a benchmark reads the rate of channels."""
    study = setup.study if isinstance(setup, Run) else setup
    probe = study.probe if isinstance(study, Study) else ProbeSpec()
    folder = run_files.checkpoint_folder(study)
    return ReadNetwork(study.network, study.data, folder, probe.reading, probe.unit)


def subject(run: Run, epoch: float) -> tuple[Subject, str]:
    """Return the network at ``epoch``, and the digest (hex) of what it is made of."""
    digest = source(run).digest(epoch)
    return subject_at(read_network(run), epoch, digest), digest


def responder(
    run: Run,
    epoch: float,
    purpose: str,
    neurons: Mapping[str, Indices],
    unit: UnitChoice | None = None,
    length: int | None = None,
) -> Respond:
    """Return the responder of one epoch for some neurons of some layers.

    The noise of a stochastic network is this purpose's own. ``unit`` of maps, ``length`` in time steps: if not the study's.
    """
    digest = source(run).digest(epoch)
    read = read_network(run)._replace(length=length)
    network = subject_at(read if unit is None else read._replace(unit=unit), epoch, digest)
    return network.responder(neurons, showing(run, digest, purpose))


def showing(run: Run, checkpoint: str, purpose: str) -> Showing:
    """Return how stimuli are shown for a purpose, to the network of a checkpoint's digest."""
    key, count = coding_key(run, checkpoint, purpose), presentations(run, purpose)
    return showing_of(run.responder, key, count)


def presentations(run: Run, purpose: str) -> int:
    """Return the times a stimulus is shown for one response.

    With a stochastic coding, candidates and what is reported are measured with care: no search
    follows that could be better served by more images.
    """
    care = CARE if run.stochastic and purpose in CAREFUL else 1
    return run.search.presentations * care


def coding_key(run: Setup | Run, checkpoint: str, purpose: str) -> CodingKey:
    """Return the key of a stochastic coding's random numbers: the study's seed, the checkpoint and the purpose."""
    return CodingKey(seed=run.seed, checkpoint=checkpoint, purpose=purpose, presentation=0)
