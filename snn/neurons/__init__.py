"""Spiking neurons: one file a member, one table.

``base`` has the contract, ``surrogates`` the gradients that backpropagation takes for a spike's.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator, SerializeAsAny

from spikeatlas.snn.neurons.base import NeuronSite, NeuronSpec, Reset, SpikingNeuron, State
from spikeatlas.snn.neurons.leaky import LeakyNeuron, LeakySpec
from spikeatlas.snn.neurons.surrogates import SURROGATES, FastSigmoid, Surrogate, SurrogateSpec
from spikeatlas.snn.registry import Family

NEURONS = Family("neuron", NeuronSpec, {"leaky": LeakySpec})

Neuron = Annotated[
    SerializeAsAny[NeuronSpec],
    PlainValidator(NEURONS.read, json_schema_input_type=str | dict[str, Any]),
]
"""Of a study: its name, or a mapping with its kind."""

__all__ = [
    "NEURONS",
    "SURROGATES",
    "FastSigmoid",
    "LeakyNeuron",
    "LeakySpec",
    "Neuron",
    "NeuronSite",
    "NeuronSpec",
    "Reset",
    "SpikingNeuron",
    "State",
    "Surrogate",
    "SurrogateSpec",
]
