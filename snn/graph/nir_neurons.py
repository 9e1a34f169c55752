"""Neurons of NIR (Pedersen et al. 2024, arXiv 2311.14641), integrated by Euler's method, which hold their own state."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from spikeatlas.snn.neurons import Rule, RuleNeuron, SpikingNeuron, State


class HeldNeuron(SpikingNeuron):
    """Neurons that keep their state between calls, as those of other libraries do; None is rest."""

    def __init__(self) -> None:
        super().__init__()
        self.state: State = None

    def forward(self, current: Tensor) -> Tensor:
        """Spikes (n, ...) of one step's currents (n, ...), going on from the call before."""
        spikes, self.state = self.step(current, self.state)
        return spikes


class NIRNeuron(HeldNeuron):
    """LIF and IF: one state, stepped by a rule."""

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.neuron = RuleNeuron(rule)

    @property
    def rule(self) -> Rule:
        """The rule, which the compiled scan knows."""
        return self.neuron.rule

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``."""
        return self.neuron.step(current, state)

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``."""
        return self.neuron.run(currents, time_steps)


class CubaLIFNeuron(HeldNeuron):
    """CubaLIF: a synaptic current i and a membrane v, both from 0.

    ``i += k_syn (w_in x - i)``, then with the new i ``v += k_mem ((v_leak - v) + r i)``; ``spike = [v > theta]``,
    and v becomes v_reset in the same step. k is dt over the time constant. All parameters are float32 tensors that
    broadcast with one image's currents.
    """

    k_syn: Tensor
    w_in: Tensor
    k_mem: Tensor
    v_leak: Tensor
    r: Tensor
    theta: Tensor
    v_reset: Tensor

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        """``parameters``: all that the equations name."""
        super().__init__()
        for name, value in parameters.items():
            self.register_buffer(name, value)

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``."""
        zeros = current.new_zeros(current.shape)
        i, v = (zeros, zeros) if state is None else state
        i = i + self.k_syn * (self.w_in * current - i)
        v = v + self.k_mem * ((self.v_leak - v) + self.r * i)
        spikes = v > self.theta
        return spikes.to(current.dtype), (i, torch.where(spikes, self.v_reset, v))
