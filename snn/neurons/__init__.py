"""Spiking neurons: one file a member, one table.

``base`` has the contract, ``surrogates`` the gradients that backpropagation takes for a spike's. ``rule`` has one step
of the neurons of every library that is run fast, ``library_rules`` reads it off their modules.
"""

from __future__ import annotations

from spikeatlas.snn.neurons.base import NeuronSite, NeuronSpec, Reset, SpikingNeuron, State
from spikeatlas.snn.neurons.leaky import LeakyNeuron, LeakySpec
from spikeatlas.snn.neurons.library_rules import is_neuron, read_rule
from spikeatlas.snn.neurons.lif import LifNeuron, LifSpec
from spikeatlas.snn.neurons.rule import Rule
from spikeatlas.snn.neurons.rule_neuron import RuleNeuron
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
    "Rule",
    "RuleNeuron",
    "SpikingNeuron",
    "State",
    "SurrogateSpec",
    "is_neuron",
    "read_rule",
]
