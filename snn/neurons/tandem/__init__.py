"""Neurons of networks that are converted, layer by layer, from analogue ones to spiking ones."""

from __future__ import annotations

from spikeatlas.snn.neurons.tandem.tandem_neuron import (
    AnalogueOutput,
    SummingNeuron,
    TandemNeuron,
    TandemNeuronSpec,
)

__all__ = ["AnalogueOutput", "SummingNeuron", "TandemNeuron", "TandemNeuronSpec"]
