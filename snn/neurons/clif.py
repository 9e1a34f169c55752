"""Current-based leaky integrate-and-fire neurons, whose input decays as their membrane does."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.neurons.base import SHARED, NeuronSite, NeuronSpec, SpikingNeuron, State
from spikeatlas.snn.neurons.fused_clif import ClifRule
from spikeatlas.snn.neurons.fused_sequence import run_fused_sequence
from spikeatlas.snn.neurons.rules.rule import Rule
from spikeatlas.snn.neurons.slopes import slope_code
from spikeatlas.snn.neurons.surrogates import DEFAULT_SURROGATE, SurrogateSpec
from spikeatlas.snn.registry import SPEC


class ClifNeuron(SpikingNeuron):
    """The neuron of ILC-SAN (Chen et al. 2024, arXiv 2401.05444), with current and membrane (n, ...) as its state.

    One step: ``c = current_decay * c + current``; ``v = membrane_decay * v + c``; ``spike = [v > threshold]``; then
    at once ``v = 0`` where it spiked. Rest is 0. The reset has no gradient.
    """

    current_decay: Tensor
    membrane_decay: Tensor
    threshold: Tensor
    unit_axes = SHARED
    monotone = True

    def __init__(
        self,
        *,
        current_decay: float = 0.5,
        membrane_decay: float = 0.75,
        threshold: float = 0.5,
        surrogate: SurrogateSpec = DEFAULT_SURROGATE,
    ) -> None:
        super().__init__()
        values = {
            "current_decay": current_decay,
            "membrane_decay": membrane_decay,
            "threshold": threshold,
        }
        # buffers: a checkpoint says which neurons it was trained with
        for name, value in values.items():
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32))
        self.surrogate = surrogate

    @property
    def rule(self) -> Rule | None:
        """See ``SpikingNeuron``: the equations above, the current a synaptic one, if it does not pass in one step."""
        if type(self) is not ClifNeuron:
            return None
        synapse = self.current_decay or None
        decay, threshold = self.membrane_decay, self.threshold
        return Rule("decay", ">", "value", a=decay, theta=threshold, synapse=synapse)

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``."""
        before, membrane = (torch.zeros_like(current),) * 2 if state is None else state
        total = self.current_decay * before + current
        charged = self.membrane_decay * membrane + total
        spikes = self.surrogate.fire(charged - self.threshold)
        return spikes, (total, charged * (1 - spikes.detach()))

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``: in one compiled pass, where that knows the surrogate."""
        slope = slope_code(self.surrogate)
        if slope is None or type(self) is not ClifNeuron or currents.device.type != "cpu":
            return self.unroll(currents, time_steps)[0]
        return run_fused_sequence(currents, self._rule(), slope, time_steps)

    def _rule(self) -> ClifRule:
        return ClifRule(
            current_decay=float(self.current_decay),
            membrane_decay=float(self.membrane_decay),
            threshold=float(self.threshold),
        )


@dataclass(frozen=True, config=SPEC)
class ClifSpec(NeuronSpec):
    """Current-based leaky integrate-and-fire neurons (Chen et al. 2024), with ``network.threshold``: 0.5 in the paper.

    ``network.beta`` and ``reset`` have no part in it: a spike sets the membrane to zero.
    """

    kind: Literal["clif"] = "clif"
    current_decay: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the input current that stays from step to step, 0 to 1 (0: none)."""
    membrane_decay: Annotated[float, Field(ge=0, le=1)] = 0.75
    """Share of the membrane that stays from step to step, 0 to 1."""

    def build(self, site: NeuronSite) -> ClifNeuron:
        """Make the neurons of one layer."""
        return ClifNeuron(
            current_decay=self.current_decay,
            membrane_decay=self.membrane_decay,
            threshold=site.threshold,
            surrogate=site.surrogate,
        )
