"""The group ``/training`` of an atlas: what is known of each neuron over the whole of training, as a table."""

from __future__ import annotations

import numpy as np
import xarray as xr

from spikeatlas.tasks.analysis.course import Course

TRAINING = {
    "onset_epoch": ("first epoch from which on the neuron is selective (two in a row): class_selectivity_index at least 0.1, selective_q at most 0.05; NaN: never", "epoch"),
    "highly_selective_onset": ("the same for an index of at least 1/3: the preferred class drives the neuron twice as much", "epoch"),
    "switched": ("whether the neuron came to prefer another class of test images (switch_q at most 0.05)", "1"),
    "switch_from": ("class preferred at switch_start, -1: not tested", "1"),
    "switch_to": ("class preferred at switch_end, -1: not tested", "1"),
    "switch_start": ("first trained epoch from which on the neuron is selective", "epoch"),
    "switch_end": ("last epoch at which it is", "epoch"),
    "switch_epoch": ("epoch from which on the new class leads the old one; NaN: not switched", "epoch"),
    "switch_effect": ("smaller of the leads of the old class at switch_start and of the new one at switch_end, each a difference over its sum; -1 to 1", "1"),
    "switch_p": ("p of a switch: both leads measured on images that did not choose the classes (Welch, intersection-union, both ways); NaN: not tested", "1"),
    "switch_q": ("the same corrected for the neurons of the layer (Benjamini-Hochberg)", "1"),
    "mei_support_p": ("p of MEIs read so differently by the study's classifier at switch_start and switch_end, against cold repeats of single epochs; NaN: not tested", "1"),
}  # fmt: skip
"""What ``/training`` of an atlas holds of each neuron: long name and unit."""


def training_table(course: Course) -> xr.Dataset:
    """``/training``: the neurons of all layers in the order of the atlas's tables."""
    tables = [
        layer[list(TRAINING)].assign_coords(
            layer=("neuron", np.full(layer.sizes["neuron"], name, object)),
            index=("neuron", layer.neuron.values.astype(np.int64)),
        ).drop_vars("neuron")
        for name, layer in course.layers.items()
    ]  # fmt: skip
    table = xr.concat(tables, dim="neuron")
    for name, (text, unit) in TRAINING.items():
        table[name].attrs = {"long_name": text, "units": unit}
    return table
