"""Spiking networks: what a study says about them, how they are built, what they are made of."""

from __future__ import annotations

from snn.networks.build import build_network, pixel_statistics
from snn.networks.network import SpikingNetwork
from snn.networks.spec import NetworkSpec, layer_sizes
from snn.networks.stage import Stage

__all__ = [
    "NetworkSpec",
    "SpikingNetwork",
    "Stage",
    "build_network",
    "layer_sizes",
    "pixel_statistics",
]
