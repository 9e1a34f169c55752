"""The structure of a subject: the shapes of its layers, and nothing of their weights."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import nn

from spikeatlas.snn.layer_info import LayerInfo, Unit
from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork
from spikeatlas.snn.subjects import Subject

Shape = tuple[int, ...]
PoolKind = Literal["max", "average", "none"]
_POOLS: dict[type, PoolKind] = {nn.MaxPool2d: "max", nn.AvgPool2d: "average"}
_KERNEL = 5
"""Of a convolution whose kernel is not known."""


@dataclass(frozen=True)
class LayerForm:
    """One layer: how its units stand, and what they see of the layer before, or of the image."""

    name: str
    target: Shape
    """(units, h, w) of maps, or (units,)."""
    unit: Unit = field(default_factory=Unit)
    """Of their responses."""
    kernel: int = 0
    """Of a convolution; 0: each unit sees everything."""
    stride: int = 1
    padding: int = 0
    pool: PoolKind = "none"
    """Of 2x2, between the convolution and the units."""

    @property
    def units(self) -> int:
        """Channels, or units."""
        return self.target[0]


Structure = tuple[LayerForm, ...]
"""Layers, shallow to deep; each sees the one before, the first sees the image."""


def structure_of(subject: Subject) -> Structure | None:
    """Return what is known of a subject's layers; None where these do not see each other, as far as is known."""
    if not subject.layered:
        return None
    network = subject.differentiable()
    if isinstance(network, SpikingNetwork) and not network.numbers():
        return chain_structure(network, subject.layers)
    return shape_structure(subject.layers, subject.input_shape)


def chain_structure(network: SpikingNetwork, layers: Mapping[str, LayerInfo]) -> Structure:
    """Return the structure of a network whose layers stand in a row."""
    return tuple(_stage(layer, layers[layer.name]) for layer in network)


def _stage(layer: SpikingLayer, info: LayerInfo) -> LayerForm:
    target = (info.neurons, *info.map)
    operator = layer.operator
    if not isinstance(operator, nn.Conv2d):
        return LayerForm(layer.name, target, info.unit)
    pool = _POOLS.get(type(layer.pool), "none")
    kernel, stride, padding = operator.kernel_size[0], operator.stride[0], int(operator.padding[0])
    return LayerForm(layer.name, target, info.unit, kernel, stride, padding, pool)


def shape_structure(layers: Mapping[str, LayerInfo], image_shape: Shape) -> Structure:
    """Return a structure of which the shapes alone are known: each layer as if it saw the one before it.

    Maps are convolutions of 5x5 whose stride is the quotient of the sides; where that is no whole number, or maps follow units,
    each unit sees everything.
    """
    targets = {name: (info.neurons, *info.map) for name, info in layers.items()}
    sources = [image_shape, *targets.values()]
    return tuple(
        _guess(name, source, target, layers[name].unit)
        for (name, target), source in zip(targets.items(), sources, strict=False)
    )


def _guess(name: str, source: Shape, target: Shape, unit: Unit) -> LayerForm:
    plain = LayerForm(name, target, unit)
    if len(source) != 3 or len(target) != 3:
        return plain
    strides = {before // after for before, after in zip(source[1:], target[1:], strict=True)}
    exact = all(before % after == 0 for before, after in zip(source[1:], target[1:], strict=True))
    if len(strides) > 1 or not exact:
        return plain
    return LayerForm(name, target, unit, _KERNEL, strides.pop(), _KERNEL // 2)


def pairs(structure: Structure, image_shape: Shape) -> list[tuple[LayerForm, Shape]]:
    """Return each layer with the shape of what it sees."""
    shapes = [image_shape, *(form.target for form in structure)]
    return list(zip(structure, itertools.islice(shapes, len(structure)), strict=True))
