"""Spiking networks: what a study says about them, how they are built, what they are made of."""

from __future__ import annotations

from spikeatlas.snn.networks.chain import build_network, pixel_statistics
from spikeatlas.snn.networks.layer import Stage
from spikeatlas.snn.networks.network import SpikingNetwork
from spikeatlas.snn.networks.spec import NetworkSpec, layer_sizes

__all__ = [
    "NetworkSpec",
    "SpikingNetwork",
    "Stage",
    "build_network",
    "layer_sizes",
    "pixel_statistics",
]
