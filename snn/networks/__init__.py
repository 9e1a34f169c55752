"""Spiking networks: their specification, their building, their parts."""

from __future__ import annotations

from spikeatlas.snn.networks.base import Architecture, NetworkSite, TrainableNetwork
from spikeatlas.snn.networks.chain import build_network, pixel_statistics
from spikeatlas.snn.networks.decodings import DECODINGS, DecodingSpec, RateDecoding
from spikeatlas.snn.networks.layer import SpikingLayer
from spikeatlas.snn.networks.network import SpikingNetwork
from spikeatlas.snn.networks.silenced import silenced
from spikeatlas.snn.networks.spec import OUTPUT, NetworkSpec, layer_maps, layer_sizes

__all__ = [
    "DECODINGS",
    "OUTPUT",
    "Architecture",
    "DecodingSpec",
    "NetworkSite",
    "NetworkSpec",
    "RateDecoding",
    "SpikingLayer",
    "SpikingNetwork",
    "TrainableNetwork",
    "build_network",
    "layer_maps",
    "layer_sizes",
    "pixel_statistics",
    "silenced",
]
