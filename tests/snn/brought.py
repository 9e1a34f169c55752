"""Members of every family that a user could have written: named in studies as ``tests.snn.brought:...``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.data import DataSet, DataSpec, Split
from spikeatlas.snn.generators import (
    GaussianLatent,
    Generator,
    GeneratorLearner,
    GeneratorSpec,
    Naturalness,
)
from spikeatlas.snn.generators.latent import Points, check_vectors
from spikeatlas.snn.importance import ImportanceSite, ImportanceSpec
from spikeatlas.snn.networks import Architecture, SpikingNetwork, TrainableNetwork
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.selectivity import Measure
from spikeatlas.snn.selectivity.tuning import Floats, Mask, Responses, Whole
from spikeatlas.snn.subjects import ChainSubject
from spikeatlas.snn.training import (
    ActingCallback,
    Assignment,
    CheckpointHeader,
    Intervention,
    Teacher,
    TrainingAxis,
    TrainingCallback,
    TrainingMethod,
    TrainingObjective,
    TrainingSite,
)

LOOKED: list[tuple[float, int]] = []
"""Epochs that Counter was called at, and its neurons."""


@dataclass(frozen=True, config=SPEC)
class SignDescent(TrainingMethod):
    """Every weight takes a step of one size down the sign of its gradient (Bernstein et al. 2018)."""

    kind: str
    size: float = 1e-3
    axis: ClassVar[TrainingAxis] = TrainingAxis("pass", "pass", "pass", "passes through the images")

    def problems(self, network: Architecture) -> list[str]:
        if network.coding == "poisson":
            return ["network.coding: SignDescent does not train on poisson; choose current"]
        return []

    def begin(self, assignment: Assignment) -> SignTeacher:
        return SignTeacher(assignment, self.size)


class SignTeacher(Teacher):
    def __init__(self, assignment: Assignment, size: float) -> None:
        self.assignment, self.size, self.steps = assignment, size, 0

    def step(self, inputs: Tensor, labels: Tensor) -> float:
        parameters = list(self.assignment.network.parameters())
        loss = self.assignment.loss(self.assignment.run(inputs), labels)
        rate = self.size / (1 + self.steps)
        with torch.no_grad():
            for parameter, slope in zip(
                parameters, torch.autograd.grad(loss, parameters), strict=True
            ):
                parameter.sub_(rate * slope.sign())
        self.steps += 1
        return float(loss.detach())

    def state_dict(self) -> dict[str, Any]:
        return {"steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]


@dataclass(frozen=True, config=SPEC)
class Quiet(TrainingObjective):
    """Few spikes of the output layer."""

    kind: str
    weight: float = 0.1

    def loss(self, network: TrainableNetwork, spikes: Tensor, labels: Tensor) -> Tensor:
        del network, labels
        return self.weight * spikes.mean()


@dataclass(frozen=True, config=SPEC)
class Counter(TrainingCallback):
    """Notes what it is shown."""

    kind: str

    def __call__(self, header: CheckpointHeader, network: TrainableNetwork) -> None:
        assert isinstance(network, SpikingNetwork)
        LOOKED.append((header.epoch, sum(network.sizes.values())))


class GreyGenerator(Generator):
    """One number a point: how bright the image is."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape, 1)
        self.offset = nn.Parameter(torch.empty(()))

    @property
    def latent(self) -> GaussianLatent:
        return GaussianLatent(1)

    def pixels(self, batch: Tensor) -> Tensor:
        return (batch + self.offset).sigmoid()[:, :, None, None].expand(-1, *self.image_shape)

    def check_points(self, points: Points) -> None:
        check_vectors(points, 1)


@dataclass(frozen=True)
class GreyRecord:
    epoch: int
    offset: float


class GreyLearner(GeneratorLearner[GreyRecord]):
    """Moves its offset towards the images' mean, from where the seed puts it."""

    def __init__(self, spec: Grey, images: np.ndarray, seed: int) -> None:
        super().__init__(GreyRecord, spec.epochs)
        self.network = spec.allocate(images.shape[1:])
        self.goal = float(images.mean() / 255)
        nn.init.constant_(self.network.offset, np.random.default_rng(seed).normal())

    def run_epoch(self, should_stop: Any) -> GreyRecord:
        for _ in self.interruptible(range(3), should_stop):
            with torch.no_grad():
                self.network.offset.add_(0.1 * (self.goal - self.network.offset.sigmoid()))
        return GreyRecord(self.epoch + 1, self.network.offset.item())

    def generator(self) -> GreyGenerator:
        return self.network.eval()

    def tensors(self) -> dict[str, Tensor]:
        return self.network.state_dict()

    def training_state(self) -> dict[str, Any]:
        return {"network": self.network.state_dict()}

    def load_training_state(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])


@dataclass(frozen=True, config=SPEC)
class Grey(GeneratorSpec):
    """Plain images."""

    kind: str
    epochs: int = 2
    checkpoint: None = None

    @property
    def latent(self) -> GaussianLatent:
        return GaussianLatent(1)

    @property
    def naturalness(self) -> Naturalness:
        return "norm"

    def allocate(self, shape: Any) -> GreyGenerator:
        return GreyGenerator(tuple(shape))

    def begin(self, images: Any, seed: int) -> GreyLearner:
        return GreyLearner(self, images, seed)


@dataclass(frozen=True, config=SPEC)
class Stripes(DataSpec):
    """Stripes along the one axis or the other."""

    dataset: str
    count: int = 30
    limit: int | None = None

    def load(self) -> DataSet:
        rng = np.random.default_rng(0)
        labels = np.arange(self.count) % 2
        images = rng.integers(0, 60, (self.count, 1, 8, 8)).astype(np.uint8)
        images[labels == 0, :, ::2] += 150
        images[labels == 1, :, :, ::2] += 150
        return DataSet(
            Split(images, labels), Split(images[::-1].copy(), labels[::-1].copy()), ("h", "v")
        )


@dataclass(frozen=True, config=SPEC)
class Loudness(Measure):
    """Mean response."""

    kind: str
    scale: float = 1.0
    variable: ClassVar[str] = "loudness"
    long_name: ClassVar[str] = "mean response to test images"

    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        del labels, first, classes
        return self.scale * responses.astype(np.float64).mean(axis=0)


@dataclass(frozen=True, config=SPEC)
class Broken(Loudness):
    """One value too many."""

    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        del labels, first, classes
        return np.zeros(responses.shape[1] + 1)


@dataclass(frozen=True, config=SPEC)
class Weight(ImportanceSpec):
    """Mean size of a neuron's input weights."""

    kind: str
    variable: ClassVar[str] = "weight"
    long_name: ClassVar[str] = "mean absolute input weight"

    def measure(self, site: ImportanceSite) -> dict[str, Floats]:
        assert isinstance(site.subject, ChainSubject)
        sizes = {layer.name: layer.operator.weight.detach().abs() for layer in site.subject.network}
        return {
            layer: sizes[layer].flatten(1).mean(1)[list(rows)].double().numpy()
            for layer, rows in site.neurons.items()
        }


class Averaging(Intervention):
    """Pulls every weight towards its own running mean: a state beside the network."""

    def __init__(self, network: TrainableNetwork) -> None:
        self.network = network
        self.means = [parameter.detach().clone() for parameter in network.parameters()]

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        for parameter, mean in zip(self.network.parameters(), self.means, strict=True):
            mean.lerp_(parameter, 1 / (1 + step))
            parameter.lerp_(mean, 0.1)

    def state_dict(self) -> dict[str, Any]:
        return {"means": self.means}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.means = list(state["means"])


@dataclass(frozen=True, config=SPEC)
class Steady(ActingCallback):
    """Weights that follow their running mean."""

    kind: str

    def begin(self, site: TrainingSite) -> Averaging:
        return Averaging(site.network)
