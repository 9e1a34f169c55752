"""Spiking networks: their specification, their building, their parts."""

from __future__ import annotations

from spikeatlas.snn.networks.actor import ActorArchitecture, ActorNetwork, PopulationCoder
from spikeatlas.snn.networks.base import (
    Architecture,
    LayerOutputs,
    NetworkSite,
    TimeSteps,
    TrainableNetwork,
    Width,
)
from spikeatlas.snn.networks.chain import pixel_statistics
from spikeatlas.snn.networks.decodings import (
    DECODINGS,
    DecodingSpec,
    MeanDecoding,
    MembraneDecoding,
    OutputReadout,
    PopulationDecoding,
    RateDecoding,
    WeightedRateDecoding,
)
from spikeatlas.snn.networks.feedback import FeedbackArchitecture, FeedbackNetwork
from spikeatlas.snn.networks.heads import (
    CERTIFICATES,
    UNITS,
    FrozenLayer,
    ThresholdHead,
    ThresholdHeadArchitecture,
)
from spikeatlas.snn.networks.layer import SpikingLayer
from spikeatlas.snn.networks.network import SpikingNetwork
from spikeatlas.snn.networks.residual_block import ResidualBlock
from spikeatlas.snn.networks.resnet import SpikingResNet, Trace
from spikeatlas.snn.networks.resnet_spec import ResNetArchitecture
from spikeatlas.snn.networks.silenced import (
    SilencedNeurons,
    silenced,
    silenced_layer,
    silenced_neurons,
    with_neurons,
)
from spikeatlas.snn.networks.spec import OUTPUT, NetworkSpec, layer_maps, layer_sizes

__all__ = [
    "CERTIFICATES",
    "DECODINGS",
    "OUTPUT",
    "UNITS",
    "ActorArchitecture",
    "ActorNetwork",
    "Architecture",
    "DecodingSpec",
    "FeedbackArchitecture",
    "FeedbackNetwork",
    "FrozenLayer",
    "LayerOutputs",
    "MeanDecoding",
    "MembraneDecoding",
    "NetworkSite",
    "NetworkSpec",
    "OutputReadout",
    "PopulationCoder",
    "PopulationDecoding",
    "RateDecoding",
    "ResNetArchitecture",
    "ResidualBlock",
    "SilencedNeurons",
    "SpikingLayer",
    "SpikingNetwork",
    "SpikingResNet",
    "ThresholdHead",
    "ThresholdHeadArchitecture",
    "TimeSteps",
    "Trace",
    "TrainableNetwork",
    "WeightedRateDecoding",
    "Width",
    "layer_maps",
    "layer_sizes",
    "pixel_statistics",
    "silenced",
    "silenced_layer",
    "silenced_neurons",
    "with_neurons",
]
