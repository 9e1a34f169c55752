"""An output layer without spikes, whose membranes are read."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.layer_info import Unit
from spikeatlas.snn.networks.decodings.base import DecodingSpec
from spikeatlas.snn.neurons import NeuronSite, NeuronSpec, SpikingNeuron, State
from spikeatlas.snn.registry import SPEC

_ROUNDED = 1e-3
"""Difference of a leak that a study writes with three digits."""


class MembraneNeuron(SpikingNeuron):
    """An integrator without spikes: m = leak m + current; what it hands on is m, of every step."""

    spiking = False

    def __init__(self, leak: float) -> None:
        super().__init__()
        self.register_buffer("leak", torch.tensor(leak, dtype=torch.float32))

    leak: Tensor

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``: membranes instead of spikes."""
        membrane = current if state is None else self.leak * state + current
        return membrane, membrane

    def unit(self, time_steps: int, map_: tuple[int, ...]) -> Unit:
        """See ``SpikingNeuron``: the mean over time, of either sign and without an end."""
        del time_steps, map_
        return Unit("membrane, averaged over time", quantum=None, top=None, bottom=None)


@dataclass(frozen=True, config=SPEC)
class MembraneDecoding(DecodingSpec):
    """Membranes of an output layer that integrates and does not spike, m_t = leak m_{t-1} + I_t.

    Read at the last step (Chen et al. 2024, arXiv 2401.05444; divided by T, Kim and Panda 2021, arXiv 2010.01729),
    at their largest, or on average.
    """

    kind: Literal["membrane"] = "membrane"
    over: Literal["last", "max", "mean"] = "last"
    """Reading of a membrane's course: its last value divided by T (``last``), its largest (``max``), or its mean."""
    leak: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of the membrane that stays from step to step, 0 to 1 (1: no leak)."""
    spiking: ClassVar[bool] = False

    def problems(self, neuron: NeuronSpec, time_steps: int) -> list[str]:
        """See ``DecodingSpec``: the last membrane stands for the number that the neurons' spikes do."""
        del time_steps
        if not neuron.represents:
            return []
        share = neuron.representation_leak
        if self.over == "last" and abs(self.leak - share) <= _ROUNDED:
            return []
        problem = (
            f"{neuron.kind} neurons learn from the number that their spikes represent, which membrane reads with over last "
            f"and leak {share:.3g}, not with over {self.over} and leak {self.leak:g}; set these"
        )
        return [problem]

    def output_neurons(self, neuron: NeuronSpec, site: NeuronSite) -> SpikingNeuron:
        """See ``DecodingSpec``: integrators, whatever the other layers' neurons."""
        del neuron, site
        return MembraneNeuron(self.leak)

    def scores(self, spikes: Tensor) -> Tensor:
        """Scores (n, classes) of membranes (T, n, classes)."""
        if self.over == "last":
            return spikes[-1] / len(spikes)
        return spikes.amax(0) if self.over == "max" else spikes.mean(0)
