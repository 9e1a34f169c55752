"""The speed of a training step: layer by layer against snnTorch's loop over time, and every back end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.flows.benchmark.reference_network import (
    natural_images,
    reference_network,
)
from spikeatlas.flows.benchmark.throughput import (
    Job,
    absences,
    study_job,
    throughput_table,
    time_backends,
)
from spikeatlas.snn.coding import Coding, encode
from spikeatlas.snn.data import DataSet, Split
from spikeatlas.snn.generators.base import Images
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks import Architecture, NetworkSite, SpikingNetwork
from spikeatlas.snn.networks.base import Shape
from spikeatlas.snn.training import TrainingSpec
from spikeatlas.tasks.workers.process import one_thread

BATCH = 128
STEPS = 25
SEED = 0


def time_training(
    images: Path | None = None,
    rounds: int = 3,
    study: Path | None = None,
    overrides: Sequence[str] = (),
) -> Iterator[str]:
    """Yield the speed of a training step: of MANGO's shape, or of a study's network.

    ``images``: a folder of natural ones for MANGO's shape, 1/f pictures if left out; ``overrides`` of the study.
    ValueError for what does not go together.
    """
    one_thread()
    if study is not None and images is None:
        job = study_job(study, overrides)
        title = f"{study}, T={job.network.time_steps}, batch {job.training.batch_size}"
    elif study is None and not overrides:
        natural = natural_images(images)
        yield training_line(natural, rounds) + "\n"
        job, title = _reference_job(natural), f"MANGO's shape, T={STEPS}, batch {BATCH}"
    else:
        raise ValueError(
            "--training takes --images for the network that is built in, or --study, with --set for fields of it"
        )
    speeds = list(time_backends(job, rounds))
    yield (
        f"images a second of whole training steps ({title}; one thread, medians of {rounds} rounds in turns):\n\n"
        f"{throughput_table(job, speeds)}\n"
    )
    yield from absences(job)


@dataclass(frozen=True)
class Reference(Architecture):
    """MANGO's shape, with weights that fire like trained ones on some images."""

    images: Images
    time_steps: int = STEPS
    coding: Coding = "current"

    def build(self, site: NetworkSite) -> SpikingNetwork:
        """See ``Architecture``."""
        return reference_network(self.images, self.time_steps, site.seed, site.surrogate)

    def layer_infos(self, shape: Shape, classes: int) -> dict[str, LayerInfo]:
        """Return no layers: nothing is probed."""
        del shape, classes
        return {}


def _reference_job(natural: Images) -> Job:
    labels = np.random.default_rng(SEED).integers(0, 10, len(natural))
    split = Split(natural, labels)
    data = DataSet(split, split, tuple(map(str, range(10))))
    return Job(Reference(natural), TrainingSpec(batch_size=BATCH), data, SEED)


def training_line(natural: Images, rounds: int) -> str:
    """Time a training step of MANGO's shape, T=25, both ways, and return the result as a line."""
    labels = np.random.default_rng(SEED).integers(0, 10, BATCH)
    network = reference_network(natural, STEPS, SEED)
    times = time_training_step(network, natural[:BATCH], labels, rounds)
    return (
        f"training step, MANGO's shape, T={STEPS}, batch {BATCH}: layer by layer {times.layers:.2f} "
        f"core-seconds, snnTorch's loop {times.steps:.2f}, ratio {times.ratio:.2f}; gradients differ by "
        f"{times.difference:.1e} of the largest"
    )


class StepTimes(NamedTuple):
    """Core-seconds of one training step, forward and backward."""

    layers: float
    """Median, layer after layer."""
    steps: float
    """Median, snnTorch's loop."""
    difference: float
    """Largest difference of a gradient, relative to that tensor's largest entry."""

    @property
    def ratio(self) -> float:
        """Times that layer after layer is faster."""
        return self.steps / self.layers


def time_training_step(
    network: SpikingNetwork, images: Images, labels: npt.NDArray[np.int64], rounds: int = 3
) -> StepTimes:
    """Time both ways in turn in this process, after one warm-up each, on one thread.

    ``images``: uint8 (n, c, h, w), one batch; ``labels``: (n,).
    """
    target = torch.from_numpy(labels)
    ways: dict[str, Callable[[Tensor], Tensor]] = {"layers": network, "steps": network.unroll}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    gradients = {}
    for _ in range(rounds + 1):
        for name, run in ways.items():
            network.zero_grad()
            began = time.process_time()
            F.cross_entropy(run(encode(network, images)).sum(0), target).backward()
            seconds[name].append(time.process_time() - began)
            gradients[name] = [_gradient(parameter) for parameter in network.parameters()]
    pairs = zip(gradients["layers"], gradients["steps"], strict=True)
    difference = max(
        float((one - two).abs().max() / two.abs().max().clamp(min=1e-12)) for one, two in pairs
    )
    return StepTimes(median(seconds["layers"][1:]), median(seconds["steps"][1:]), difference)


def _gradient(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
