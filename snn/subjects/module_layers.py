"""A torch module as a study sees it: its layers, the scaling of its pixels, and whether its accuracy fits."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING

from torch import nn

from spikeatlas.snn.coding import CODINGS
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.layer_info import LayerInfo, Unit, spike_unit
from spikeatlas.snn.modules import (
    CLASSES,
    DRIVES,
    NO_READOUT,
    UNIT_NAME,
    PixelScaling,
    Readout,
    Trial,
    TrialLayer,
    class_layer,
    described,
    find_readout,
    pixel_scaling,
    way_for,
)
from spikeatlas.snn.networks import pixel_statistics
from spikeatlas.snn.subjects.base import Images

if TYPE_CHECKING:
    from spikeatlas.snn.subjects.module import ModuleSpec

_POINTS = 0.02


def module_scaling(spec: ModuleSpec, data: DataSet) -> PixelScaling:
    """Return what pixels are normalised with, as a study says."""
    if spec.normalise == "data":
        if not len(data.train):
            raise ValueError(
                "network.normalise: data takes mean and std of the training images, which cannot be read here: put them "
                "back where data.root says."
            )
        mean, std = pixel_statistics(data.train.images)
        return pixel_scaling(mean, std, data.channels, spec.coding)
    if spec.normalise == "none":
        return pixel_scaling((0.0,), (1.0,), data.channels, spec.coding)
    return pixel_scaling(spec.normalise.mean, spec.normalise.std, data.channels, spec.coding)


def module_settings(
    spec: ModuleSpec, trial: Trial, readout: Readout | None, scaling: PixelScaling
) -> dict[str, object]:
    """Return all settings that say what a module answers, by their fields of ``network``."""
    return {
        "factory": spec.factory,
        "options": spec.options,
        "drive": trial.drive.kind,
        "time_steps": trial.drive.time_steps,
        "coding": spec.coding,
        "normalise": [scaling.mean.tolist(), scaling.std.tolist()],
        "layers": {name: str(layer.place) for name, layer in trial.layers.items()},
        "readout": None if readout is None else readout.name,
        "reference": [spec.reference.quantile, spec.reference.images],
        "classes": spec.classes,
    }


def checked_readout(
    module: nn.Module, trial: Trial, spec: ModuleSpec, classes: int
) -> Readout | None:
    """Return the read-out that a study names; ValueError where it has fewer scores than there are classes."""
    readout = find_readout(module, trial, spec.readout)
    if readout is not None and readout.classes < classes:
        raise ValueError(
            f"network.readout: {readout.name} has {readout.classes} scores, but the data have {classes} classes: name "
            f"another output or layer, or write {NO_READOUT}."
        )
    if readout is None and spec.classes is not None:
        raise ValueError(
            "network.classes needs a read-out, but "
            + (
                f"network.readout is {NO_READOUT}."
                if spec.readout == NO_READOUT
                else "the module returns no score for each class: name network.readout."
            )
        )
    return readout


def output_layers(
    layers: Collection[str], readout: Readout | None, spec: ModuleSpec
) -> tuple[str, ...]:
    """Return the layers whose neurons stand for classes: what the read-out reads, and the layer of classes."""
    read = () if readout is None else (readout.name, readout.twin)
    mode = () if spec.classes is None else (CLASSES,)
    return tuple(name for name in layers if name in read or name in mode)


def module_lacks(*, readout: bool, truncation: bool, epochs: bool) -> tuple[str, ...]:
    """Return what a module does not have, see ``LACKS``: none has gradients here, or is trained here."""
    has = {
        "readout": readout,
        "truncation": truncation,
        "gradients": False,
        "training": False,
        "epochs": epochs,
    }
    return tuple(name for name, there in has.items() if not there)


def runs_whole(module: nn.Module, trial: Trial, scaling: PixelScaling, examples: Images) -> bool:
    """Tell whether the shallowest layer costs as much as all: a loop inside, in which no faster way can stop."""
    if trial.repeats == 1 or trial.drive.kind != "image":
        return False
    first = {name: layer.place for name, layer in list(trial.layers.items())[:1] if layer.spikes}
    if not first or trial.answers == "stochastic" or CODINGS[scaling.coding].stochastic:
        return True
    return isinstance(way_for(module, first, trial.drive, scaling, examples), str)


def trial_facts(trial: Trial, readout: Readout | None, name: str) -> dict[str, str]:
    """Return what a trial tells a user of a module beside its layers: its input, its read-out, and what is no layer.

    ``name``: the study's ``network.readout``.
    """
    none = (
        "none, as the study says"
        if name == NO_READOUT
        else f"none is found: {described(trial.outputs[0])}"
    )
    facts = {
        "is shown": DRIVES[trial.drive.kind],
        "read-out": none if readout is None else readout.name,
    }
    return facts | ({"no layer is": "; ".join(trial.left_out.values())} if trial.left_out else {})


def hidden_parts(module: nn.Module, trial: Trial) -> dict[str, str]:
    """Return the parts of a module that are no layers, by their paths, see ``Source.hidden``."""
    names = {layer.place.path: name for name, layer in trial.layers.items()}
    reasons = {}
    for path, _ in module.named_modules(remove_duplicate=False):
        if path in names:
            reasons[path] = f"is layer {names[path]} here"
        else:
            reasons[path] = "is a part of the module, but no layer that network.layers names"
    reasons |= {path: f"is no layer ({reason})" for path, reason in trial.left_out.items()}
    return {path: reason for path, reason in reasons.items() if path not in trial.layers}


def layer_infos(trial: Trial, readout: Readout | None, spec: ModuleSpec) -> dict[str, LayerInfo]:
    """Return a module's layers, shallow to deep, and the layer of classes if a study asks for it."""
    layers = {name: _layer_info(layer, trial) for name, layer in trial.layers.items()}
    if readout is not None and spec.classes is not None:
        if CLASSES in layers:
            raise ValueError(
                f"network.layers has a layer {CLASSES!r}, which network.classes adds: give it another name, as in "
                f"layers: {{other: {trial.layers[CLASSES].place.path}}}, or leave network.classes out."
            )
        layers[CLASSES] = class_layer(readout.classes, spec.classes)
    return layers


def _layer_info(layer: TrialLayer, trial: Trial) -> LayerInfo:
    shape = layer.place.shape
    if layer.spikes:
        unit = spike_unit(trial.drive.time_steps or 1, shape.map, signed=layer.signed)
    else:
        unit = Unit(UNIT_NAME, top=None, bottom=None if layer.signed else 0.0, relative=True)
    return LayerInfo(shape.channels, shape.map, unit)


def accuracy_warning(epoch: float, accuracy: float, recorded: float, classes: int) -> str | None:
    """Warn where an accuracy (0 to 1) is not the one that a checkpoint records, or, without one, no better than chance.

    ``recorded``: NaN where there is none. None if all is well.
    """
    reads = f"the module of epoch {epoch:g} reads {accuracy:.1%} of the test images right"
    if not math.isnan(recorded):
        if abs(recorded - accuracy) <= _POINTS:
            return None
        return f"{reads}, but its checkpoint records {recorded:.1%}: is network.normalise what it was trained with?"
    if accuracy > 1 / classes + _POINTS:
        return None
    return (
        f"{reads}, no more than chance: are network.normalise, network.readout and the order of the classes those of its "
        "training?"
    )
