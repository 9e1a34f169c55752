"""A layer of an atlas without searches: tuning and best test images stand for themselves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spikeatlas.tasks.atlas import UNPLANNED, Layout, Tree, layer_rows, mask
from spikeatlas.tasks.report.averages import Array
from spikeatlas.tasks.report.best_known import BestKnown
from spikeatlas.tasks.report.layers.layer_summary import RATIOS, LayerSummary


def read_tuned(tree: Tree, name: str, layout: Layout, flags: Mapping[str, Array]) -> LayerSummary:
    """Read a layer of which nothing was searched; ``flags`` (E,) of each stage: what is not committed is not known."""
    top = tree[f"natural_top/{name}"]
    responses = mask(top.natural_top_response.values, flags["observed"])
    shape = responses.shape[:2]
    return LayerSummary(
        name=name,
        neurons=layout.layers[name],
        status=np.full(shape, UNPLANNED),
        search=np.full(shape, "", object),
        repeat=np.full(shape, -1),
        response=responses[..., 0],
        place=np.zeros(shape, np.int64),
        mei=np.empty((*shape, 0, 0, 0), np.uint8),
        diverse=None,
        least=None,
        measures=_measures(tree, name, flags["analysed"]),
        tuning=mask(tree[f"natural/{name}"].natural_response.values, flags["observed"]),
        top=mask(top.natural_top.values, flags["observed"]),
        top_response=responses,
        history=np.empty((shape[0], 0, 0)),
        image_counts=np.empty(0, np.int64),
        screened=np.full(shape[0], np.nan),
        best_known=_nothing_else(shape),
        spike_step=layout.spike_steps.get(name),
    )


def _measures(tree: Tree, layer: str, analysed: Array) -> dict[str, Array]:
    rows = layer_rows(tree["selectivity"], layer)
    names = ("class_selectivity_index", "preferred_class")
    measures = {name: mask(rows[name].values, analysed) for name in names}
    unread = np.full(measures["preferred_class"].shape, -1)
    return {**measures, "mei_class": unread, **dict.fromkeys(RATIOS, np.full(unread.shape, np.nan))}


def _nothing_else(shape: tuple[int, ...]) -> BestKnown:
    """Return that no image was compared with a search's."""
    none = np.full(shape, -1)
    return BestKnown(np.zeros(shape, bool), none, np.full(shape, np.nan), none, none, none)
