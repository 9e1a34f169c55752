"""The course of one network's training, as its atlas tells it: the input of all that is said of training."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import xarray as xr

from spikeatlas.tasks.analysis.concept import concept_change
from spikeatlas.tasks.analysis.onset import highly_selective_onset, onset_epoch, selective
from spikeatlas.tasks.analysis.stimuli import strata_of, support_p
from spikeatlas.tasks.analysis.thresholds import Thresholds, thresholds
from spikeatlas.tasks.analysis.tuning_change import class_moments
from spikeatlas.tasks.atlas import (
    SATURATED,
    SILENT,
    TRAINING_VARIABLES,
    Tree,
    cold,
    layer_rows,
    layout_of,
)


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
    """Whether there are MEIs, of another method than the random search."""
    outputs: tuple[str, ...] = ()
    """Layers whose neurons stand for classes from the start."""
    signed: tuple[str, ...] = ()
    """Layers whose responses may be below 0, of which there is no class selectivity index."""

    @property
    def hidden(self) -> dict[str, xr.Dataset]:
        """The layers that claims are about."""
        return {name: layer for name, layer in self.layers.items() if name not in self.outputs}

    @property
    def epochs(self) -> np.ndarray:
        """(epochs,) ascending."""
        return np.asarray(self.accuracy.epoch.values, dtype=np.float64)


def course_of(tree: Tree, name: str) -> Course:
    """Read an atlas (open or loaded) and analyse it over training.

    ValueError where it keeps no responses to single test images, or nothing is analysed.
    """
    if "natural_image" not in tree:
        message = (
            f"{name} is of an earlier version, without responses to single test images, on which change over training is "
            "tested: only a new atlas has them; run its study with another output"
        )
        raise ValueError(message)
    rows = np.flatnonzero(tree.progress.analysed.values == 1)
    if not rows.size:
        raise ValueError(f"{name} has no analysed epoch: run its study to its end")
    bars = thresholds()
    layers = {}
    for layer in tree.layers:
        course = layer_course(tree, layer, rows)
        categories = tree[f"natural/{layer}"].sizes["category"]
        moments = class_moments(natural_responses(tree, layer, rows), categories)
        layers[layer] = course.assign(over_training(course, moments, bars).data_vars)
    study, layout = json.loads(tree.attrs["study"]), layout_of(tree.root)
    return Course(
        name,
        int(study["seed"]),
        study["training"].get("labels") == "shuffled",
        tree.progress.accuracy.isel(epoch=rows).load(),
        layers,
        # MEIs of the random search are not optimal, and a study of sequences has none
        searched=study["search"]["methods"][:1] not in ([], ["random"]),
        outputs=tuple(layout.outputs),
        signed=tuple(layer for layer in layout.layers if layout.unit(layer).signed),
    )


def natural_responses(tree: Tree, layer: str, rows: np.ndarray) -> xr.DataArray:
    """A layer's responses (epoch, image, neuron), lazily."""
    responses: xr.DataArray = tree[f"natural_image/{layer}"].natural_image_response
    return responses.isel(epoch=rows)


def layer_course(tree: Tree, layer: str, rows: np.ndarray) -> xr.Dataset:
    """Collect what claims rest on, of one layer (epoch, neuron): nothing that came from a warm start.

    ``csi``, ``q``, ``csi_null`` (labels shuffled), ``responsive`` (answers to 20 test images or
    more, none of them below 0); of the
    study's first search ``silent`` and ``saturated`` (any repeat),
    ``read`` (epoch, neuron, repeat), the class that the study's classifier reads in the MEI; ``ratio``, MEI /
    best test image, ``perplexity`` and ``response``, means over repeats; ``loss_increase`` where neurons were
    silenced.
    Without searches, what is about them is not known.
    """
    if f"layers/{layer}" not in tree:
        return _tuned_course(tree, layer, rows)
    searches = tree.layer(layer, "layers").isel(epoch=rows, search=0, drop=True)
    status = searches.status.load()
    meis = _of_layer(tree["meis"], layer, rows, searches.neuron).isel(search=0, drop=True)
    course = xr.Dataset(
        {
            **_selectivity(tree, layer, rows, searches.neuron),
            "read": meis.mei_reference_class,
            "ratio": _mean(meis.natural_ratio),
            "perplexity": _mean(meis.mei_perplexity),
            "response": _mean(searches[cold(searches, "response")].load()),
            "silent": (status == SILENT).any("repeat"),
            "saturated": (status == SATURATED).any("repeat"),
        }
    )
    return course.assign(loss_increase=_loss_increase(tree, layer, rows, course))


def _selectivity(
    tree: Tree, layer: str, rows: np.ndarray, neurons: xr.DataArray
) -> dict[str, xr.DataArray]:
    measures = _of_layer(tree["selectivity"], layer, rows, neurons)
    return {
        "csi": measures.class_selectivity_index,
        "q": measures.selective_q,
        "csi_null": measures.csi_null,
        "responsive": measures.class_selectivity_index.notnull(),
    }


def _tuned_course(tree: Tree, layer: str, rows: np.ndarray) -> xr.Dataset:
    """Collect the same where nothing was searched: no MEI is read, and no neuron is silent or saturated in a search."""
    course = xr.Dataset(_selectivity(tree, layer, rows, tree[f"natural/{layer}"].neuron))
    unknown: xr.DataArray = xr.full_like(course.csi, np.nan)
    read = xr.full_like(course.csi, -1, dtype=np.int64).expand_dims(repeat=0, axis=2)
    nothing = dict.fromkeys(("ratio", "perplexity", "response", "silent", "saturated"), unknown)
    loss_increase = _loss_increase(tree, layer, rows, course)
    return course.assign({**nothing, "read": read, "loss_increase": loss_increase})


def _mean(values: xr.DataArray) -> xr.DataArray:
    """Over the repeats there are; NaN without any."""
    count = values.notnull().sum("repeat")
    mean: xr.DataArray = values.fillna(0).sum("repeat") / count.where(count > 0)
    return mean


def _loss_increase(tree: Tree, layer: str, rows: np.ndarray, course: xr.Dataset) -> xr.DataArray:
    if "importance/ablation" not in tree:
        nothing: xr.DataArray = xr.full_like(course.csi, np.nan)
        return nothing
    table = _of_layer(tree["importance/ablation"], layer, rows, course.neuron)
    losses: xr.DataArray = table.loss_increase
    return losses


def _of_layer(table: xr.Dataset, layer: str, rows: np.ndarray, neurons: xr.DataArray) -> xr.Dataset:
    """Load a layer's part of a table, which counts the neurons of all layers, by its own count."""
    part = layer_rows(table, layer).isel(epoch=rows).load()
    return part.drop_vars(("layer", "neuron_index")).assign_coords(neuron=neurons.values)


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
    """Return ``/training`` of an atlas: the neurons of all layers in the order of its tables, by their rows."""
    tables = [
        layer[list(TRAINING_VARIABLES)]
        .assign_coords(
            layer=("neuron", np.full(layer.sizes["neuron"], name, object)),
            neuron_index=("neuron", layer.neuron.values.astype(np.int64)),
        )
        .drop_vars("neuron")
        for name, layer in course.layers.items()
    ]
    table = xr.concat(tables, dim="neuron")
    table = table.assign_coords(neuron=np.arange(table.sizes["neuron"]))
    for name, variable in TRAINING_VARIABLES.items():
        table[name].attrs = variable.attributes(course.accuracy.epoch.attrs["units"])
    return table
