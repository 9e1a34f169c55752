"""The course of one network's training, as its atlas tells it: the input of all that is said of training."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import xarray as xr

from spikeatlas.snn.networks import OUTPUT
from spikeatlas.tasks.analysis.concept import concept_change
from spikeatlas.tasks.analysis.onset import highly_selective_onset, onset_epoch, selective
from spikeatlas.tasks.analysis.stimuli import strata_of, support_p
from spikeatlas.tasks.analysis.thresholds import Thresholds, thresholds
from spikeatlas.tasks.analysis.tuning_change import class_moments
from spikeatlas.tasks.atlas import SATURATED, SILENT, TRAINING_VARIABLES, cold, layer_rows


@dataclass(frozen=True)
class Course:
    """One trained network, at the epochs that are analysed."""

    name: str
    seed: int
    """Of its study."""
    control: bool
    """Whether its training images had shuffled labels."""
    accuracy: xr.DataArray
    """(epoch,) on test images."""
    layers: dict[str, xr.Dataset]
    """Shallow to deep: what ``layer_course`` and ``over_training`` say of each, as one dataset."""
    searched: bool
    """Whether its MEIs were searched with other methods than at random."""

    @property
    def hidden(self) -> dict[str, xr.Dataset]:
        """The layers that claims are about: a neuron of the output stands for a class from the start."""
        return {name: layer for name, layer in self.layers.items() if name != OUTPUT}

    @property
    def epochs(self) -> np.ndarray:
        """(epochs,) ascending."""
        return np.asarray(self.accuracy.epoch.values, dtype=np.float64)


def course_of(tree: xr.DataTree, name: str) -> Course:
    """Read an atlas (open or loaded) and analyse it over training.

    ValueError where it keeps no responses to single test images, or nothing is analysed.
    """
    if "natural" not in tree.children:
        message = f"{name} keeps no responses to single test images, which change over training is tested on: run its study again"
        raise ValueError(message)
    rows = np.flatnonzero(tree.analysed.values == 1)
    if not rows.size:
        raise ValueError(f"{name} has no analysed epoch: run its study to its end")
    bars = thresholds()
    layers = {}
    for layer in tree.attrs["layers"]:
        course = layer_course(tree, layer, rows)
        moments = class_moments(natural_responses(tree, layer, rows), tree.sizes["class"])
        layers[layer] = xr.merge([course, over_training(course, moments, bars)])
    study = json.loads(tree.attrs["study"])
    return Course(
        name,
        int(study["seed"]),
        study["training"].get("labels") == "shuffled",
        tree.to_dataset().accuracy.isel(epoch=rows).load(),
        layers,
        searched=study["search"]["methods"][0] != "random",
    )


def natural_responses(tree: xr.DataTree, layer: str, rows: np.ndarray) -> xr.DataArray:
    """A layer's responses (epoch, image, neuron), lazily."""
    responses = tree["natural"].to_dataset()[f"response_{layer}"].isel(epoch=rows)
    return responses.rename({f"neuron_{layer}": "neuron"})


def layer_course(tree: xr.DataTree, layer: str, rows: np.ndarray) -> xr.Dataset:
    """Collect what claims rest on, of one layer (epoch, neuron): nothing that came from a warm start.

    ``csi``, ``q``, ``csi_null`` (labels shuffled), ``responsive`` (answers to 20 test images or more); of the
    study's first method ``silent`` and ``saturated`` (any repeat),
    ``read`` (epoch, neuron, repeat), the class that the study's classifier reads in the MEI; ``ratio``, MEI /
    best test image, ``perplexity`` and ``response``, means over repeats; ``loss_increase`` where neurons were
    silenced.
    """
    table = tree["selectivity"].to_dataset()
    measures = layer_rows(table, layer).isel(epoch=rows).load()
    group = tree[f"layers/{layer}"].to_dataset()
    method = group.method.values[0]
    group = group.isel(epoch=rows).sel({"method": method})
    measures = measures.drop_vars(("layer", "index")).sel({"method": method}, drop=True)
    # a table counts the neurons of all layers, a layer's group its own
    measures = measures.assign_coords(neuron=group.neuron.values)
    status = group.status.drop_vars("method").load()
    response = group[cold(group, "response")]
    course = xr.Dataset(
        {
            "csi": measures.class_selectivity_index,
            "q": measures.selective_q,
            "csi_null": measures.csi_null,
            "responsive": measures.class_selectivity_index.notnull(),
            "read": measures.mei_reference_class,
            "ratio": _mean(measures.natural_ratio),
            "perplexity": _mean(measures.mei_perplexity),
            "response": _mean(response.drop_vars("method").load()),
            "silent": (status == SILENT).any("repeat"),
            "saturated": (status == SATURATED).any("repeat"),
        }
    )
    return course.assign(loss_increase=_loss_increase(tree, layer, rows, course))


def _mean(values: xr.DataArray) -> xr.DataArray:
    """Over the repeats there are; NaN without any."""
    count = values.notnull().sum("repeat")
    mean: xr.DataArray = values.fillna(0).sum("repeat") / count.where(count > 0)
    return mean


def _loss_increase(
    tree: xr.DataTree, layer: str, rows: np.ndarray, course: xr.Dataset
) -> xr.DataArray:
    nothing: xr.DataArray = xr.full_like(course.csi, np.nan)
    if "ablation" not in tree.children:
        return nothing
    table = tree["ablation"].to_dataset()
    losses: xr.DataArray = layer_rows(table, layer).isel(epoch=rows).loss_increase
    return losses.drop_vars(("layer", "index")).load().assign_coords(neuron=course.neuron)


def over_training(course: xr.Dataset, moments: xr.Dataset, bars: Thresholds) -> xr.Dataset:
    """Onset, concept change and its support by MEIs for a layer's neurons (neuron,).

    ``course``: with ``csi``, ``q``, ``read``, ``response``; ``moments``: ``class_moments`` of the same epochs.
    """
    is_selective = selective(course.csi, course.q, bars.selective_csi, bars.rate)
    change = concept_change(moments, is_selective, bars)
    strata = strata_of(course.csi, course.response)
    start, end = (_rows(change[name], course.epoch) for name in ("switch_start", "switch_end"))
    return change.assign(
        onset_epoch=onset_epoch(course.csi, course.q, bars),
        highly_selective_onset=highly_selective_onset(course.csi, course.q, bars),
        mei_support_p=("neuron", support_p(course.read, strata, start, end)),
    )


def _rows(epochs: xr.DataArray, axis: xr.DataArray) -> np.ndarray:
    """Rows of epochs along an axis; -1 for NaN."""
    rows = np.searchsorted(axis.values, epochs.fillna(0).values)
    return np.where(np.isnan(epochs.values), -1, rows)


def training_table(course: Course) -> xr.Dataset:
    """Return ``/training`` of an atlas: the neurons of all layers in the order of its tables."""
    tables = [
        layer[list(TRAINING_VARIABLES)]
        .assign_coords(
            layer=("neuron", np.full(layer.sizes["neuron"], name, object)),
            index=("neuron", layer.neuron.values.astype(np.int64)),
        )
        .drop_vars("neuron")
        for name, layer in course.layers.items()
    ]
    table = xr.concat(tables, dim="neuron")
    for name, variable in TRAINING_VARIABLES.items():
        table[name].attrs = variable.attributes()
    return table
