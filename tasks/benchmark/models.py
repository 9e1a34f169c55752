"""The networks and generators of the benchmark, loaded once a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, cast

from snn.coding import Noise
from snn.generators import Generator
from snn.networks import SpikingNetwork
from snn.priors import CodePrior
from snn.priors.code_prior import Kind
from snn.responder import Responder
from tasks import loading
from tasks.benchmark.cells import Setting
from tasks.naturalness import Scale, scale_at


def generator(setting: Setting) -> Generator:
    """The generator."""
    return loading.generator_at(*setting.generator)


def code_prior(setting: Setting, kind: str) -> CodePrior | None:
    """The prior of that kind of the generator's codes; None for ``uniform``."""
    if kind == "uniform" or setting.prior is None:
        return None
    return loading.prior_at(setting.prior, cast("Kind", kind))


def natural_scale(setting: Setting) -> Scale:
    """What tells how natural a stimulus is."""
    return scale_at(setting.generator, setting.prior, setting.data)


def network(setting: Setting, training_seed: int) -> SpikingNetwork:
    """One training seed's network."""
    path, digest = setting.checkpoints[training_seed]
    return loading.network_at(path, digest, setting.network, setting.shape, setting.classes)


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
        noise=Noise(seed=setting.seed, checkpoint="benchmark", purpose=purpose),
    )
