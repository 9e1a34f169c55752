"""The contracts of training objectives: terms of the loss, of a network's output or of one layer's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from spikeatlas.snn.networks import Architecture, SpikingLayer, TrainableNetwork
from spikeatlas.snn.registry import Contract


class TrainingObjective(Contract, ABC):
    """A term of the loss, as a study names it: a frozen pydantic dataclass with its own fields.

    The loss is the sum of the study's objectives.
    """

    kind: str
    strengths: ClassVar[tuple[str, ...]] = ()
    """Its fields that may make a training diverge where they are too large."""

    def problems(self, network: Architecture) -> list[str]:
        """Return, in sentences, what keeps it from being asked of a network; none by default."""
        del network
        return []

    @abstractmethod
    def loss(self, network: TrainableNetwork, spikes: Tensor, labels: Tensor) -> Tensor:
        """Return the term (), with its gradient, of one batch.

        ``spikes`` (T, n, outputs) of the output layer, ``labels`` (n,) int64 in 0..classes-1.
        """


class LayerObjective(TrainingObjective):
    """A term of some layers' own, which stays local: it teaches a layer's weights and none before or behind them.

    Of networks whose layers stand in a row (``kind: chain``). A subclass writes ``weights`` and ``layer_loss``.
    """

    @abstractmethod
    def weights(self, layers: tuple[str, ...]) -> dict[str, float]:
        """Return the weight of the term of each layer that has one, of a network with these layers, the output last."""

    @abstractmethod
    def layer_loss(self, layer: SpikingLayer, inputs: Tensor) -> Tensor:
        """Return the term (), before its weight, of one batch.

        ``inputs`` (n, ...): of the layer's operator, averaged over time, without gradient.
        """

    def loss(self, network: TrainableNetwork, spikes: Tensor, labels: Tensor) -> Tensor:
        """Return 0: it asks nothing of the output."""
        del network, labels
        return spikes.new_zeros(())
