"""Spiking neurons: one file a member, one table.

``base`` has the contract, ``surrogates`` the gradients that backpropagation takes for a spike's, ``slopes`` those that
compiled passes know. ``rules`` has one step of the neurons of every library that is run fast, and reads it off their
modules.
"""

from __future__ import annotations

from spikeatlas.snn.neurons.backei import BackEINeuron, BackEISpec
from spikeatlas.snn.neurons.base import NeuronSite, NeuronSpec, Reset, SpikingNeuron, State
from spikeatlas.snn.neurons.clif import ClifNeuron, ClifSpec
from spikeatlas.snn.neurons.delayed import DesireIfNeuron, DesireIfSpec
from spikeatlas.snn.neurons.dsr_if import DsrIfNeuron, DsrIfSpec
from spikeatlas.snn.neurons.dsr_lif import DsrLifNeuron, DsrLifSpec
from spikeatlas.snn.neurons.intra_layer import LATERAL, IntraLayerNeuron, Links
from spikeatlas.snn.neurons.leaky import LeakyNeuron, LeakySpec
from spikeatlas.snn.neurons.lif import LifNeuron, LifSpec
from spikeatlas.snn.neurons.relu import ReluNeuron, ReluSpec
from spikeatlas.snn.neurons.rules import Rule, RuleNeuron, is_neuron, read_rule
from spikeatlas.snn.neurons.spike_representation import RepresentingNeuron
from spikeatlas.snn.neurons.surrogates import (
    DEFAULT_SURROGATE,
    SURROGATES,
    ATan,
    FastSigmoid,
    Rectangle,
    StraightThrough,
    SurrogateSpec,
    Triangle,
)
from spikeatlas.snn.neurons.tandem import AnalogueOutput, TandemNeuron, TandemNeuronSpec
from spikeatlas.snn.registry import Family

NEURONS: Family[NeuronSpec] = Family(
    "neuron",
    NeuronSpec,  # type: ignore[type-abstract]
    {
        "leaky": LeakySpec,
        "lif": LifSpec,
        "relu": ReluSpec,
        "dsr-if": DsrIfSpec,
        "dsr-lif": DsrLifSpec,
        "clif": ClifSpec,
        "backei": BackEISpec,
        "tandem": TandemNeuronSpec,
        "desire-if": DesireIfSpec,
    },
)
"""``network.neuron`` of a study."""


__all__ = [
    "DEFAULT_SURROGATE",
    "LATERAL",
    "NEURONS",
    "SURROGATES",
    "ATan",
    "AnalogueOutput",
    "BackEINeuron",
    "BackEISpec",
    "ClifNeuron",
    "ClifSpec",
    "DesireIfNeuron",
    "DesireIfSpec",
    "DsrIfNeuron",
    "DsrIfSpec",
    "DsrLifNeuron",
    "DsrLifSpec",
    "FastSigmoid",
    "IntraLayerNeuron",
    "LeakyNeuron",
    "LeakySpec",
    "LifNeuron",
    "LifSpec",
    "Links",
    "NeuronSite",
    "NeuronSpec",
    "Rectangle",
    "ReluNeuron",
    "ReluSpec",
    "RepresentingNeuron",
    "Reset",
    "Rule",
    "RuleNeuron",
    "SpikingNeuron",
    "State",
    "StraightThrough",
    "SurrogateSpec",
    "TandemNeuron",
    "TandemNeuronSpec",
    "Triangle",
    "is_neuron",
    "read_rule",
]
