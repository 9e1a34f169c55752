"""Spiking neurons: one file a member, one table.

``base`` has the contract, ``surrogates`` the gradients that backpropagation takes for a spike's.
"""

from __future__ import annotations

from spikeatlas.snn.neurons.base import NeuronSite, NeuronSpec, Reset, SpikingNeuron, State
from spikeatlas.snn.neurons.leaky import LeakyNeuron, LeakySpec
from spikeatlas.snn.neurons.lif import LifNeuron, LifSpec
from spikeatlas.snn.neurons.surrogates import SURROGATES, ATan, FastSigmoid, SurrogateSpec
from spikeatlas.snn.registry import Family

NEURONS: Family[NeuronSpec] = Family(
    "neuron",
    NeuronSpec,  # type: ignore[type-abstract]
    {"leaky": LeakySpec, "lif": LifSpec},
)
"""``network.neuron`` of a study."""


__all__ = [
    "NEURONS",
    "SURROGATES",
    "ATan",
    "FastSigmoid",
    "LeakyNeuron",
    "LeakySpec",
    "LifNeuron",
    "LifSpec",
    "NeuronSite",
    "NeuronSpec",
    "Reset",
    "SpikingNeuron",
    "State",
    "SurrogateSpec",
]
