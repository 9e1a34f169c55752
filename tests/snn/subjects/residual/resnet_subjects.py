"""Subjects of small residual networks."""

from __future__ import annotations

from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks import SpikingResNet
from spikeatlas.snn.subjects.residual.resnet_subject import ResNetSubject
from tests.snn.resnets import inputs


def subject_of(network: SpikingResNet) -> ResNetSubject:
    shapes = {
        name: (spikes.shape[2], tuple(spikes.shape[3:]))
        for name, spikes in network.capture(inputs(network, 1), len(network.layers))
    }
    return ResNetSubject(network, {name: LayerInfo(*shape) for name, shape in shapes.items()})
