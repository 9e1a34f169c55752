"""A run on Prefect's page: an epoch as a table, and the claims."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from spikeatlas.tasks.analysis.claim import Claim
from spikeatlas.tasks.analysis.onset import selective
from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.atlas import (
    DONE,
    SATURATED,
    SILENT,
    STATUS,
    Layout,
    Tree,
    layer_rows,
    layout_of,
)
from spikeatlas.tasks.report.atlas_words import stimulus_word

COUNTED = (DONE, SILENT, SATURATED)
"""States that an epoch's table counts."""


def epoch_table(tree: Tree, epoch: float) -> list[dict[str, Any]]:
    """Return one row a layer of an atlas: counts of neurons, and how their MEIs did; without searches, what drives them."""
    layout = layout_of(tree.root)
    table = [_row(tree, layer, epoch, layout) for layer in tree.layers]
    units = {layer: layout.unit(layer).name for layer in tree.layers} if layout.units else {}
    return [row | ({"unit": units[row["layer"]]} if units else {}) for row in table]


def _row(tree: Tree, layer: str, epoch: float, layout: Layout) -> dict[str, Any]:
    tests = layer_rows(tree["selectivity"].sel(epoch=epoch), layer)
    row = {"layer": layer, "neurons": tests.sizes["neuron"]}
    row |= _of_meis(tree, layer, epoch) if layout.methods else _of_tests(tree, layer, epoch)
    if "selective_q" in tests:
        bars = thresholds()
        passed = selective(
            tests.class_selectivity_index, tests.selective_q, bars.selective_csi, bars.rate
        )
        row["selective"] = int(passed.sum())
    return row


def _of_meis(tree: Tree, layer: str, epoch: float) -> dict[str, Any]:
    rows = layer_rows(tree["neurons"].sel(epoch=epoch), layer)
    states = {STATUS[state]: int((rows.status == STATUS[state]).sum()) for state in COUNTED}
    return {
        **states,
        "mean response": _rounded(rows.response.mean()),
        "MEI / best test image": _rounded(rows.natural_ratio.median()),
    }


def _of_tests(tree: Tree, layer: str, epoch: float) -> dict[str, Any]:
    best = tree[f"natural_top/{layer}"].natural_top_response.sel(epoch=epoch, rank=0)
    what = stimulus_word(layout_of(tree.root))
    return {f"mean response to best test {what}": _rounded(best.mean())}


def _rounded(value: xr.DataArray) -> float | None:
    return None if np.isnan(value) else round(float(value), 3)


def claims_text(claims: Iterable[Claim | dict[str, Any]]) -> str:
    """Return the claims as a markdown list, each with its answer and what it rests on."""
    rows = [claim.as_json() if isinstance(claim, Claim) else claim for claim in claims]
    return "\n".join(
        f"- **{claim['answer']}**: {claim['statement']} {'; '.join(claim['reasons'])}"
        for claim in rows
    )
