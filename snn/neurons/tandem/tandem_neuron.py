"""Neurons that are rectified linear units first, and integrate-and-fire neurons once their layer is converted.

A number stands for the sum of a sequence over its T steps. Analogue, a layer waits for all its currents and hands its
activation a = max(0, sum_t I_t) on at the last step. Converted, it has membrane u, threshold theta, and at each step

    u = u + I_t
    s_t = [u >= theta]
    u = u - theta s_t

and hands on theta s_t, whose sum theta count is a in whole steps of theta: for currents that come at once, or alike at
every step, count = clip(floor(sum_t I_t / theta), 0, T) (Wu et al. 2021, arXiv 2007.01204).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.layer_info import Unit
from spikeatlas.snn.neurons.base import NeuronSite, NeuronSpec, SpikingNeuron, State
from spikeatlas.snn.neurons.rules.rule import Rule
from spikeatlas.snn.neurons.spike_representation import fire
from spikeatlas.snn.registry import SPEC


class SummingNeuron(SpikingNeuron):
    """Neurons that sum their currents over all steps and hand a function of the sum on at the last one."""

    def __init__(self, time_steps: int) -> None:
        super().__init__()
        self.time_steps = time_steps

    @abstractmethod
    def activation(self, currents: Tensor) -> Tensor:
        """Activations of currents, both of one shape, and summed or averaged over steps alike; they rise with the currents."""

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``; the state is the sum (n, ...) so far, and the number of its steps."""
        total, steps = (current, 1) if state is None else (state[0] + current, state[1] + 1)
        ended = steps == self.time_steps
        return self.activation(total) if ended else torch.zeros_like(total), (total, steps)

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``: the same sum, in the same order."""
        total = currents[0]
        for step in range(1, time_steps):
            total = total + currents[step if len(currents) > 1 else 0]
        silence = total.new_zeros((time_steps - 1, *total.shape))
        return torch.cat([silence, self.activation(total)[None]])


class AnalogueOutput(SummingNeuron):
    """An output layer without spikes: the sum of its currents is a class's score."""

    spiking = False

    @property
    def height(self) -> float:  # type: ignore[override]  # of the contract's attribute
        """1 / T: outputs in units of it have the score for their mean over time."""
        return 1 / self.time_steps

    def activation(self, currents: Tensor) -> Tensor:
        """See ``SummingNeuron``: currents as they are."""
        return currents

    def unit(self, time_steps: int, map_: tuple[int, ...]) -> Unit:
        """See ``SpikingNeuron``: of either sign and without an end."""
        del time_steps, map_
        return Unit("score of a class", quantum=None, top=None, bottom=None)


class TandemNeuron(SummingNeuron):
    """The hidden neurons of one layer, analogue or converted; both are parts of a checkpoint.

    Responses of both are on one scale, of which 1 is T theta: what a neuron that fires at every step stands for.
    Theta is measured so that this is the 99.9th percentile of the layer's activation.
    """

    monotone = True
    threshold: nn.Parameter
    """Theta (), in units of activations (> 0)."""
    converted: nn.Parameter
    """1 if it spikes, 0 if it is analogue, ()."""

    def __init__(self, time_steps: int) -> None:
        super().__init__(time_steps)
        # parameters, for a buffer would be what the study says of a neuron, and these a training finds
        self.threshold = nn.Parameter(torch.tensor(1 / time_steps), requires_grad=False)
        self.converted = nn.Parameter(torch.tensor(0.0), requires_grad=False)

    @property
    def spiking(self) -> bool:  # type: ignore[override]  # of the contract's attribute: conversion changes it
        """See ``SpikingNeuron``."""
        return bool(self.converted)

    @property
    def height(self) -> Tensor:  # type: ignore[override]
        """Theta; analogue outputs, too, are told in units of it."""
        return self.threshold.detach()

    @property
    def rule(self) -> Rule | None:
        """See ``SpikingNeuron``: integrate and fire, once converted."""
        if not self.spiking:
            return None
        theta = self.threshold.detach()
        one = torch.ones_like(theta)
        return Rule("sum", ">=", "subtract", a=one, b=one, theta=theta, drop=theta)

    def activation(self, currents: Tensor) -> Tensor:
        """See ``SummingNeuron``: rectified, also for what spikes are coupled to."""
        return currents.relu()

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``; converted, the state is the membrane (n, ...)."""
        if not self.spiking:
            return super().step(current, state)
        theta = self.threshold
        charged = current if state is None else state + current
        spikes = (charged >= theta).to(current.dtype)
        return spikes * theta, torch.where(spikes > 0, charged - theta, charged)

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``; converted, with the gradient of ``activation`` between means over time."""
        if not self.spiking:
            return super().run(currents, time_steps)
        with torch.no_grad():
            spikes = self._fired(currents, time_steps)
        means = currents[0] if len(currents) == 1 else currents.mean(0)
        coupled: Tensor = _Coupled.apply(means, spikes)
        return coupled

    def _fired(self, currents: Tensor, time_steps: int) -> Tensor:
        """Outputs (T, n, ...): in one compiled pass, where that computes them."""
        if currents.device.type != "cpu" or currents.dtype != torch.float32:
            return self.unroll(currents, time_steps)[0]
        flat = currents.detach().reshape(len(currents), -1).contiguous()
        spikes = torch.empty((time_steps, flat.shape[1]))
        one, theta = np.float32(1), np.float32(self.threshold.item())
        fire(flat.numpy(), (one, one, theta, theta, theta), spikes.numpy())
        return spikes.view(time_steps, *currents.shape[1:])

    def unit(self, time_steps: int, map_: tuple[int, ...]) -> Unit:
        """See ``SpikingNeuron``: one for both states, for an atlas has one for all places of a training."""
        del time_steps, map_
        return Unit(
            "spikes a step and position; analogue: activation / its layer's 99.9th percentile",
            quantum=None,
            top=None,
        )


class _Coupled(torch.autograd.Function):
    """Outputs (T, n, ...) with the gradient of the rectified means (n, ...) of the currents, as if these were their mean."""

    @staticmethod
    def forward(ctx: Any, means: Tensor, spikes: Tensor) -> Tensor:
        ctx.save_for_backward(means)
        return spikes.view_as(spikes)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (means,) = ctx.saved_tensors
        return gradients[0].sum(0) * (means > 0), None


@dataclass(frozen=True, config=SPEC)
class TandemNeuronSpec(NeuronSpec):
    """Rectified linear units that ``training.method: tandem`` converts, layer by layer, to integrate-and-fire neurons.

    Progressive tandem learning (Wu et al. 2021, arXiv 2007.01204): see the module. Their thresholds are measured:
    ``network.threshold``, ``beta`` and ``reset`` have no part in it. The output layer stays analogue.
    """

    kind: Literal["tandem"] = "tandem"
    whole_gradient: ClassVar[bool] = True
    represents: ClassVar[bool] = True
    methods: ClassVar[tuple[str, ...]] = ("tandem",)
    one_length: ClassVar[bool] = True
    output_spikes: ClassVar[bool] = False

    def build(self, site: NeuronSite) -> TandemNeuron:
        """Make the neurons of one hidden layer, analogue."""
        return TandemNeuron(site.time_steps)

    def build_output(self, site: NeuronSite) -> AnalogueOutput:
        """Make those of the output layer."""
        return AnalogueOutput(site.time_steps)
