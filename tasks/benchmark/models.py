"""The networks and generators of the benchmark, loaded once a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.generators import Generator
from spikeatlas.snn.generators.priors import CodePrior
from spikeatlas.snn.generators.priors.code_prior import Kind
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder import Responder
from spikeatlas.tasks.analysis.naturalness import Scale, scale_at
from spikeatlas.tasks.benchmark.cells import Setting
from spikeatlas.tasks.workers import models


def generator(setting: Setting) -> Generator:
    """The generator."""
    return models.generator_at(*setting.generator)


def code_prior(setting: Setting, kind: str) -> CodePrior | None:
    """The prior of that kind of the generator's codes; None for ``uniform``."""
    if kind == "uniform" or setting.prior is None:
        return None
    return models.prior_at(setting.prior, cast("Kind", kind))


def natural_scale(setting: Setting) -> Scale:
    """What tells how natural a stimulus is."""
    return scale_at(setting.generator, setting.prior, setting.data)


def network(setting: Setting, training_seed: int) -> SpikingNetwork:
    """One training seed's network."""
    path, digest = setting.checkpoints[training_seed]
    return models.network_at(path, digest, setting.network, setting.shape, setting.classes)


def responder(
    setting: Setting,
    net: SpikingNetwork,
    layers: Sequence[str],
    neurons: Mapping[str, Sequence[int]],
    purpose: str = "observe",
) -> Responder:
    """Responses of layers, or of some of their neurons; ``purpose`` keys a stochastic coding's noise."""
    return Responder(
        net,
        layers,
        neurons=neurons,
        kind=cast("Literal['auto', 'plain']", setting.kind),
        batch_size=setting.batch_size,
        memory=setting.memory,
        key=CodingKey(seed=setting.seed, checkpoint="benchmark", purpose=purpose),
    )
