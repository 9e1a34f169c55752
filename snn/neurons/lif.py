"""Leaky integrate-and-fire neurons that are reset in the step of their spike, as SpikingJelly has them."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.neurons.base import SHARED, NeuronSite, NeuronSpec, SpikingNeuron, State
from spikeatlas.snn.neurons.fused_lif import LifRule
from spikeatlas.snn.neurons.fused_sequence import run_fused_sequence
from spikeatlas.snn.neurons.rules.rule import Rule
from spikeatlas.snn.neurons.slopes import slope_code
from spikeatlas.snn.neurons.surrogates import DEFAULT_SURROGATE, SurrogateSpec
from spikeatlas.snn.registry import SPEC


class LifNeuron(SpikingNeuron):
    """SpikingJelly's LIFNode (Fang et al. 2023, arXiv 2310.16620), with its membrane (n, ...) as state.

    One step: ``h = v + (current - (v - v_reset)) / tau``, or ``h = (v - (v - v_reset) / tau) + current`` without
    ``decay_input``; ``spike = [h - threshold >= 0]``; then at once ``v = v_reset`` where it spiked (``hard``), or
    ``v = h - spike * threshold``. Rest is v_reset, 0 where the reset is not hard. The reset has no gradient
    (detach_reset in SpikingJelly, as in the paper's training).
    """

    tau: Tensor
    threshold: Tensor
    v_reset: Tensor
    decay_input: Tensor
    hard: Tensor
    unit_axes = SHARED
    monotone = True

    def __init__(
        self,
        *,
        tau: float = 2.0,
        threshold: float = 1.0,
        v_reset: float = 0.0,
        decay_input: bool = True,
        hard: bool = True,
        surrogate: SurrogateSpec = DEFAULT_SURROGATE,
    ) -> None:
        """``v_reset`` is 0 where the reset is not hard."""
        super().__init__()
        # buffers: a checkpoint says which neurons it was trained with
        for name, value in (("tau", tau), ("threshold", threshold), ("v_reset", v_reset)):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32))
        self.register_buffer("decay_input", torch.tensor(decay_input))
        self.register_buffer("hard", torch.tensor(hard))
        self.surrogate = surrogate

    @property
    def rule(self) -> Rule:
        """The same equations, as the compiled scan of graphs knows them."""
        return Rule(
            "divide" if self.decay_input else "divide_leak",
            ">=",
            "value" if self.hard else "subtract",
            b=self.tau,
            c=self.v_reset,
            theta=self.threshold,
            v_reset=self.v_reset,
            start=self.v_reset,
        )

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``."""
        before = torch.zeros_like(current) + self.v_reset if state is None else state
        charged = self._charged(before, current)
        spikes = self.surrogate.fire(charged - self.threshold, closed=True)
        return spikes, self._after(charged, spikes.detach())

    def _charged(self, before: Tensor, current: Tensor) -> Tensor:
        """Membranes after a current, before any reset."""
        leak = before - self.v_reset
        if self.decay_input:
            return before + (current - leak) / self.tau
        return (before - leak / self.tau) + current

    def _after(self, charged: Tensor, spikes: Tensor) -> Tensor:
        """Membranes after the reset of those that spiked."""
        if self.hard:
            return torch.where(spikes > 0, self.v_reset, charged)
        return charged - spikes * self.threshold

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``: in one compiled pass, where that knows the surrogate."""
        slope = slope_code(self.surrogate)
        if slope is None or type(self) is not LifNeuron or currents.device.type != "cpu":
            return self.unroll(currents, time_steps)[0]
        return run_fused_sequence(currents, self._rule(), slope, time_steps)

    def _rule(self) -> LifRule:
        return LifRule(
            tau=float(self.tau),
            threshold=float(self.threshold),
            v_reset=float(self.v_reset),
            decay_input=bool(self.decay_input),
            hard=bool(self.hard),
        )


@dataclass(frozen=True, config=SPEC)
class LifSpec(NeuronSpec):
    """SpikingJelly's leaky integrate-and-fire neuron, with ``network.threshold`` and ``reset``, without ``beta``.

    ``network.reset: zero`` sets the membrane to ``v_reset``, ``subtract`` takes the threshold away, both in the
    step of the spike.
    """

    kind: Literal["lif"] = "lif"
    tau: Annotated[float, Field(gt=1, allow_inf_nan=False)] = 2.0
    """Time constant of the membrane in time steps (> 1)."""
    decay_input: bool = True
    """True: a current is divided by ``tau`` as well, so that a membrane never passes its constant current."""
    v_reset: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    """Membrane at rest and after a spike (below the threshold); 0 with ``network.reset: subtract``."""

    def build(self, site: NeuronSite) -> LifNeuron:
        """Make the neurons of one layer. ValueError for a ``v_reset`` that does not fit the reset or threshold."""
        hard = site.reset == "zero"
        if self.v_reset and not hard:
            raise ValueError(
                f"neuron: v_reset is {self.v_reset:g}, but with network.reset 'subtract' membranes rest at 0; "
                "leave v_reset out, or set network.reset to zero"
            )
        if self.v_reset >= site.threshold:
            raise ValueError(
                f"neuron: v_reset is {self.v_reset:g}, where these neurons fire by themselves; "
                f"it must be below network.threshold, {site.threshold:g}"
            )
        return LifNeuron(
            tau=self.tau,
            threshold=site.threshold,
            v_reset=self.v_reset,
            decay_input=self.decay_input,
            hard=hard,
            surrogate=site.surrogate,
        )
