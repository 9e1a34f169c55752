"""Desire backpropagation: no gradient, but what every unit is wished to do."""

from __future__ import annotations

import logging
import math
from typing import Annotated, Any, ClassVar, Literal, cast

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.coding import CODINGS
from spikeatlas.snn.networks import Architecture, NetworkSpec, SpikingNetwork
from spikeatlas.snn.neurons import DesireIfNeuron, DesireIfSpec
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.desires import (
    DesireRule,
    SilentWishes,
    record_layers,
    weight_change,
)
from spikeatlas.snn.training.methods.base import TrainingMethod
from spikeatlas.snn.training.methods.teacher import Assignment, Teacher

log = logging.getLogger("spikeatlas")

Dropout = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, config=SPEC)
class Desire(TrainingMethod):
    """Desire backpropagation (Gerlinghoff et al. 2023).

    Every unit is wished to spike more or less, or left alone, for each image: the output by its error, a hidden layer by
    the layer behind it. A weight changes by its inputs' spike traces at each of its unit's spikes, in the direction
    of that wish, summed over the batch: ``training.lr`` is that of one image.
    """

    kind: Literal["desire"] = "desire"
    """``desire``: wishes to spike and spike traces, without gradients."""
    spare_steps: Annotated[int, Field(ge=0)] = 4
    """Time steps in which a unit need not spike: it is to have ``network.time_steps`` less these (>= 0)."""
    output_error: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.3
    """Error of an output unit above which it has a wish, in shares of the spikes that it is to have (>= 0)."""
    hidden_desire: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.05
    """Sum of what the units behind a hidden one wish of it from which that is its own wish (>= 0)."""
    lr_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.04
    """Fall of the learning rate: after e whole epochs it is training.lr exp(-lr_decay e) (>= 0)."""
    dropout: Dropout | tuple[Dropout, ...] = 0.0
    """Chance that a hidden unit is taken out for an image (0 to below 1): one for all, or one a hidden layer."""
    unused: ClassVar[tuple[str, ...]] = ("objectives", "surrogate", "backend", "precision")

    def rule(self, time_steps: int) -> DesireRule:
        """Return the numbers by which desires are formed in so many time steps."""
        return DesireRule(time_steps - self.spare_steps, self.output_error, self.hidden_desire)

    def dropouts(self, hidden: int) -> tuple[float, ...]:
        """Return the dropout of each of so many hidden layers."""
        return self.dropout if isinstance(self.dropout, tuple) else (self.dropout,) * hidden

    def problems(self, network: Architecture) -> list[str]:
        """See ``TrainingMethod``."""
        if not isinstance(network, NetworkSpec):
            return ["training.method: desire trains networks of kind chain alone; choose backprop"]
        return [*_network_problems(network), *self._own_problems(network)]

    def _own_problems(self, network: NetworkSpec) -> list[str]:
        problems = []
        if network.time_steps <= self.spare_steps:
            problems.append(
                f"training.method: spare_steps is {self.spare_steps}, which leaves a unit no spike to be wished in the "
                f"{network.time_steps} steps of network.time_steps; give fewer, or more time steps"
            )
        elif len(network.layers) > self.spare_steps:
            problems.append(
                f"training.method: spare_steps is {self.spare_steps}, but each layer sees the spikes of the step before, so "
                f"that the output of {len(network.layers)} layers cannot spike in as many steps; set it to "
                f"{len(network.layers)} or more"
            )
        hidden = len(network.hidden)
        if len(self.dropouts(hidden)) != hidden:
            problems.append(
                f"training.method: dropout has {len(self.dropouts(hidden))} values; give one for all, or one for each "
                f"of the {hidden} hidden layers"
            )
        return problems

    def begin(self, assignment: Assignment) -> DesireTeacher:
        """Make ready to train."""
        return DesireTeacher(assignment, self)


def _network_problems(network: NetworkSpec) -> list[str]:
    """Name fields of a network that the rule does not know."""
    coding = CODINGS[network.coding]
    mistakes = {
        f"neuron: desire trains desire-if neurons, not {network.neuron.kind}; set neuron: desire-if": (
            not isinstance(network.neuron, DesireIfSpec)
        ),
        "channels: desire trains no convolutions here, where pools stand between them; set channels: []": bool(
            network.channels
        ),
        "norm: a desire is one of currents that are sums of weights, not normalised ones; leave norm out": any(
            norm.kind != "none" for norm in network.norms
        ),
        "bias: desire has no rule for biases; set bias: false": network.bias,
        f"decoding: desire counts the spikes of one output neuron a class, which {network.decoding.kind} does not; "
        "leave decoding out": network.decoding.kind != "rate",
        f"coding: the traces of desire are of input spikes of 0 and 1, which {network.coding} does not make; "
        "choose integrate-and-fire or poisson": not coding.binary,
    }
    return [f"network.{sentence}" for sentence, mistaken in mistakes.items() if mistaken]


class DesireTeacher(Teacher):
    """Desire backpropagation at work on one network."""

    def __init__(self, assignment: Assignment, method: Desire) -> None:
        self._assignment, self._method = assignment, method
        self._network = cast("SpikingNetwork", assignment.network)
        self._rule = method.rule(self._network.time_steps)
        self._step = 0
        self._wishes = SilentWishes(self._network.layers)

    @torch.no_grad()
    def step(self, inputs: Tensor, labels: Tensor) -> float:
        """Change the weights by one batch; its loss is the mean size of the output's errors."""
        records = record_layers(self._network, inputs, self._masks(inputs.shape[1]))
        desires = self._rule.all_desires(records, labels)
        loss = float(self._rule.output_errors(records[-1].counts, labels).abs().mean())
        changes = [
            weight_change(record.inputs, record.spikes, wishes, self._decay)
            for record, wishes in zip(records, desires, strict=True)
        ]
        for record, change in zip(records, changes, strict=True):
            record.weight.add_(change, alpha=self._lr)
        self._wishes.add(records, desires)
        self._step += 1
        if self._step % self._assignment.epoch_steps == 0:
            log.info(f"desire, epoch {self._epoch}: {self._wishes.sentence()}")
            self._wishes.clear()
        return loss

    @property
    def _epoch(self) -> int:
        """Whole epochs that are behind."""
        return self._step // self._assignment.epoch_steps

    @property
    def _lr(self) -> float:
        return self._assignment.lr * math.exp(-self._method.lr_decay * self._epoch)

    @property
    def _decay(self) -> float:
        """Share of a trace that stays, as of a membrane."""
        neuron = cast("DesireIfNeuron", next(iter(self._network)).neuron)
        return float(neuron.decay)

    def _masks(self, images: int) -> list[Tensor]:
        """Draw what a spike of each unit counts, (images, units) of every hidden layer: nothing where it is taken out."""
        sizes = list(self._network.sizes.values())[:-1]
        chances = self._method.dropouts(len(sizes))
        if not any(chances):
            return []
        draws = np.random.default_rng([self._assignment.seed, self._step])
        masks = []
        for size, chance in zip(sizes, chances, strict=True):
            mask = (draws.random((images, size)) >= chance) / (1 - chance)
            masks.append(torch.from_numpy(mask.astype(np.float32)).to(self._network.device))
        return masks

    def state_dict(self) -> dict[str, Any]:
        """Return the number of steps, and what is to be logged of this epoch."""
        return {"teacher_step": self._step, "wishes": self._wishes.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave."""
        self._step = int(state["teacher_step"])
        self._wishes.load_state_dict(state["wishes"])
