"""Leaky integrate-and-fire neurons."""

from __future__ import annotations

import contextlib
import copy
import inspect
from types import MethodType
from typing import Any, Literal, Self

import snntorch
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.neurons.base import SHARED, NeuronSite, NeuronSpec, Reset, SpikingNeuron, State
from spikeatlas.snn.neurons.fused import run_fused
from spikeatlas.snn.neurons.rules.rule import Rule
from spikeatlas.snn.neurons.slopes import slope_code
from spikeatlas.snn.neurons.surrogates import DEFAULT_SURROGATE, SurrogateSpec
from spikeatlas.snn.registry import SPEC


class LeakyNeuron(snntorch.Leaky, SpikingNeuron):
    """snnTorch's leaky integrate-and-fire neuron, with explicit membrane (n, ...) as its state.

    One step: ``reset = [m > threshold]; m = beta*m + current - reset*threshold`` (reset "subtract")
    or ``m = beta*(m - reset*m) + current`` (reset "zero"); ``spike = [m > threshold]``. The reset
    follows one step after its spike. ``beta`` in [0, 1] and ``threshold`` > 0 are numbers or tensors
    that broadcast with one image's currents: (channels, 1, 1) or (units,) for one value a neuron.
    """

    beta: Tensor
    threshold: Tensor
    reset_mechanism: Reset
    mem: Tensor
    unit_axes = SHARED
    monotone = True

    def __init__(
        self,
        beta: float | Tensor,
        threshold: float | Tensor,
        reset: Reset = "subtract",
        surrogate: SurrogateSpec = DEFAULT_SURROGATE,
    ) -> None:
        super().__init__(
            beta, threshold=threshold, reset_mechanism=reset, spike_grad=surrogate.fire
        )
        self.surrogate = surrogate
        # snnTorch lists every neuron ever built, for its reset of hidden states. Ours keep none
        # between calls; on that list they would never be freed.
        with contextlib.suppress(ValueError):
            snntorch.SpikingNeuron.instances.remove(self)

    def private(self) -> Self:
        """Return a neuron with the same parameter tensors, not copies, and a membrane of its own.

        snnTorch writes the membrane into the module even when it is passed in, so that two threads
        must not step one module.
        """
        neuron = copy.copy(self)
        fields: dict[str, Any] = neuron.__dict__
        fields["_buffers"] = dict(self._buffers)
        # snnTorch keeps some of its methods as attributes, bound to the first neuron
        for name, value in fields.items():
            if inspect.ismethod(value) and value.__self__ is self:
                fields[name] = MethodType(value.__func__, neuron)
        return neuron

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """Spikes and membranes (n, ...) one step later; only a ``private`` neuron may be stepped."""
        spikes, membrane = self(current, state)
        return spikes, membrane

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``: in one compiled pass, where that computes this neuron."""
        slope = slope_code(self.surrogate)
        if slope is None or self.change() or currents.is_cuda:
            return self.unroll(currents, time_steps)[0]
        zero = self.reset_mechanism == "zero"
        return run_fused(
            currents, self.beta, self.threshold, zero=zero, slope=slope, time_steps=time_steps
        )

    @property
    def rule(self) -> Rule | None:
        """The equations above; None where ``change`` says that it spikes otherwise."""
        if self.change() or {self.beta.dtype, self.threshold.dtype} != {torch.float32}:
            return None
        return Rule(
            "decay",
            ">",
            "value" if self.reset_mechanism == "zero" else "subtract",
            "next",
            a=self.beta.detach().clamp(0, 1),
            theta=self.threshold.detach(),
        )

    def change(self) -> str | None:
        """Say what makes these neurons spike otherwise than the equations above; None if nothing does."""
        if type(self) is not LeakyNeuron:
            return f" is a {type(self).__name__}"
        if self.reset_mechanism not in ("subtract", "zero") or not self.reset_delay:
            return " has another reset than 'subtract' or 'zero', one step later"
        options = self.inhibition or self.state_quant or self.init_hidden or self.output
        spike = self.graded_spikes_factor != 1 or self.spike_grad != self.surrogate.fire
        if options or spike:
            return " has options of snnTorch that change its spikes"
        return None if bool((self.threshold > 0).all()) else ".threshold is not positive"


@dataclass(frozen=True, config=SPEC)
class LeakySpec(NeuronSpec):
    """snnTorch's leaky integrate-and-fire neuron, with ``network.beta``, ``threshold`` and ``reset``."""

    kind: Literal["leaky"] = "leaky"

    def build(self, site: NeuronSite) -> LeakyNeuron:
        """Make the neurons of one layer."""
        return LeakyNeuron(site.beta, site.threshold, site.reset, site.surrogate)
