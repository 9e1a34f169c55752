"""The drawing of response against naturalness."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas import SILENT, UNLIKE
from spikeatlas.tasks.report.atlas_words import short_unit
from spikeatlas.tasks.report.figures import scatter
from spikeatlas.tasks.report.layers import LayerSummary
from spikeatlas.tasks.report.pictures import Panel
from spikeatlas.tasks.report.summary import Summary

NATURALNESS = {
    "typicality": (
        "typicality",
        (
            "Each mark is a neuron's MEI. Typicality: the part of the test images that the generator's {judge} finds no "
            "more natural; below the dashed line, hardly any of them."
        ),
    ),
    "norm_quantile": (
        "length of the latent (quantile)",
        (
            "Each mark is a neuron's MEI. The part of the prior's latents that are shorter: near 1 the generator was "
            "never taught such a one."
        ),
    ),
    "nearest_distance": (
        "distance to training images",
        (
            "Each mark is a neuron's MEI: how far its pixels are from those of the nearest training image, in shares of "
            "the grey scale."
        ),
    ),
}
"""The measures of naturalness, the most telling first: the label of its axis, and how to read it."""


def naturalness_panel(summary: Summary, layer: LayerSummary) -> Panel | None:
    """Draw response against naturalness of every MEI at the last analysed epoch; None in an older atlas."""
    name = next((name for name in NATURALNESS if name in layer.measures), None)
    row = summary.analysed
    if name is None or row is None:
        return None
    axis, reading = NATURALNESS[name]
    y, alive = layer.measures[name][row], layer.status[row] != SILENT
    drawing = scatter(
        f"{layer.name}-naturalness",
        np.where(alive, layer.response[row], np.nan),
        y,
        labels=(_mei_response(summary, layer), axis),
        top=None if name == "nearest_distance" else 1.02,
        level=UNLIKE if name == "typicality" else None,
    )
    judge = "critic" if "norm_quantile" in layer.measures else "prior of its codes"
    heading = f"Naturalness at epoch {summary.epochs[row]:g}"
    return Panel(heading, drawing, reading.format(judge=judge))


def _mei_response(summary: Summary, layer: LayerSummary) -> str:
    unit = summary.layout.unit(layer.name)
    return f"MEI {short_unit(unit)}" if summary.layout.units else "MEI response (spike rate)"
