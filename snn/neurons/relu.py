"""Rectified linear units: neurons without spikes and without time."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.layer_info import Unit
from spikeatlas.snn.neurons.base import SHARED, NeuronSite, NeuronSpec, SpikingNeuron, State
from spikeatlas.snn.registry import SPEC


class ReluNeuron(SpikingNeuron):
    """max(0, current), at every step anew (Nair and Hinton 2010); a response is its mean."""

    spiking = False
    unit_axes = SHARED
    monotone = True

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``: activities instead of spikes."""
        return current.relu(), state

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``: all steps at once."""
        return currents.relu().expand(time_steps, *currents.shape[1:])

    def unit(self, time_steps: int, map_: tuple[int, ...]) -> Unit:
        """See ``SpikingNeuron``: the activity, averaged over positions and steps, without an upper end."""
        del time_steps, map_
        return Unit("activity, averaged over positions", quantum=None, top=None)


@dataclass(frozen=True, config=SPEC)
class ReluSpec(NeuronSpec):
    """Rectified linear units, which make a plain network of the same shape: the control of spiking ones.

    ``network.beta``, ``threshold`` and ``reset`` have no part in it; ``network.time_steps`` is 1.
    """

    kind: Literal["relu"] = "relu"

    def problems(self, time_steps: int) -> list[str]:
        """See ``NeuronSpec``."""
        if time_steps == 1:
            return []
        return [f"relu units have no time, but network.time_steps is {time_steps}: set it to 1"]

    def build(self, site: NeuronSite) -> ReluNeuron:
        """Make the units of one layer."""
        del site
        return ReluNeuron()
