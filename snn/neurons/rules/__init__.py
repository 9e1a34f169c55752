"""One step of the neurons of every library that is run fast, and their compiled scan."""

from __future__ import annotations

from spikeatlas.snn.neurons.rules.library_rules import is_neuron, read_rule
from spikeatlas.snn.neurons.rules.rule import Rule
from spikeatlas.snn.neurons.rules.rule_neuron import RuleNeuron

__all__ = ["Rule", "RuleNeuron", "is_neuron", "read_rule"]
