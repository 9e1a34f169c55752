"""The networks and generators of the benchmark, loaded once a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

from snn.coding import Noise
from snn.generators import CodeGenerator, load_generator
from snn.networks import NetworkSpec, SpikingNetwork
from snn.responder import Responder
from snn.training import load_network
from tasks.benchmark.cells import Setting


def generator(setting: Setting) -> CodeGenerator:
    """The generator."""
    return _generator(*setting.generator)


def network(setting: Setting, training_seed: int) -> SpikingNetwork:
    """One training seed's network."""
    path, digest = setting.checkpoints[training_seed]
    return _network(path, digest, setting.network, setting.shape, setting.classes)


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


@lru_cache(maxsize=2)
def _generator(path: Path, digest: str) -> CodeGenerator:
    del digest  # identifies the content behind the path
    return load_generator(path)


@lru_cache(maxsize=8)
def _network(
    path: Path, digest: str, spec: NetworkSpec, shape: tuple[int, int, int], classes: int
) -> SpikingNetwork:
    del digest  # identifies the content behind the path
    return load_network(path, spec, shape, classes)
