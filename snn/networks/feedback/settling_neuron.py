"""Integrate-and-fire neurons whose rates settle."""

from __future__ import annotations

from torch import Tensor

from spikeatlas.snn.neurons import SpikingNeuron, State

THRESHOLD = 1.0
"""V: a neuron spikes when its membrane reaches it."""
FALL = 2 * THRESHOLD
"""c = V - u_rest with u_rest = -V: what a spike takes off the membrane. The membrane then stays within V of its
start, 0, so that a rate is off by half of what it would be with u_rest = 0."""


class SettlingNeuron(SpikingNeuron):
    """Integrate-and-fire neurons, u += I; s = 1[u >= V]; u -= c s, without a leak (Xiao et al. 2023, arXiv 2302.00232).

    Under a constant current the rate after T steps is clip(I / c, 0, 1), off by at most 1 / (2 T).
    """

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``; without gradient, for it is the settled rates that have one."""
        membrane = current.detach() if state is None else state + current.detach()
        spikes = (membrane >= THRESHOLD).to(membrane.dtype)
        return spikes, membrane - FALL * spikes
