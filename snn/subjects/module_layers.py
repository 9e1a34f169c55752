"""Layers of a torch module as a study sees them, and the scaling of its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikeatlas.snn.data import DataSet
from spikeatlas.snn.layer_info import LayerInfo, Unit, spike_unit
from spikeatlas.snn.modules import (
    CLASSES,
    UNIT_NAME,
    PixelScaling,
    Readout,
    Trial,
    TrialLayer,
    class_layer,
    pixel_scaling,
)
from spikeatlas.snn.networks import pixel_statistics

if TYPE_CHECKING:
    from spikeatlas.snn.subjects.module import ModuleSpec


def module_scaling(spec: ModuleSpec, data: DataSet) -> PixelScaling:
    """Return what pixels are normalised with, as a study says."""
    if spec.normalise == "data":
        mean, std = pixel_statistics(data.train.images)
        return pixel_scaling(mean, std, data.channels, spec.coding)
    if spec.normalise == "none":
        return pixel_scaling((0.0,), (1.0,), data.channels, spec.coding)
    return pixel_scaling(spec.normalise.mean, spec.normalise.std, data.channels, spec.coding)


def layer_infos(trial: Trial, readout: Readout | None, spec: ModuleSpec) -> dict[str, LayerInfo]:
    """Return a module's layers, shallow to deep, and the layer of classes if a study asks for it."""
    layers = {name: _layer_info(layer, trial) for name, layer in trial.layers.items()}
    if readout is not None and spec.classes is not None:
        if CLASSES in layers:
            raise ValueError(
                f"network.layers has a layer {CLASSES!r}, which network.classes adds: name it otherwise."
            )
        layers[CLASSES] = class_layer(readout.classes, spec.classes)
    return layers


def _layer_info(layer: TrialLayer, trial: Trial) -> LayerInfo:
    shape = layer.place.shape
    if layer.spikes:
        unit = spike_unit(trial.drive.time_steps or 1, shape.map, signed=layer.signed)
    else:
        unit = Unit(UNIT_NAME, top=None, bottom=None if layer.signed else 0.0)
    return LayerInfo(shape.channels, shape.map, unit)
