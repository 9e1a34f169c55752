"""The curves of the report, of the whole network and of each layer, each with a sentence on how to read it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from spikeatlas.tasks.atlas import SILENT, UNLIKE
from spikeatlas.tasks.report.atlas_words import axis_of, network_lack, short_unit
from spikeatlas.tasks.report.averages import Array, mean, quartiles
from spikeatlas.tasks.report.figures import Curve, XAxis, chart, epoch_axis, image_axis, scatter
from spikeatlas.tasks.report.key import agreed_of_defined
from spikeatlas.tasks.report.summary import LayerSummary, Summary

WIDE = 3.9
"""Inches of a drawing where three stand side by side, not four."""


@dataclass(frozen=True)
class Panel:
    """One drawing with its heading and a sentence on how to read it."""

    heading: str
    drawing: Markup
    reading: str


def overview_panels(summary: Summary) -> list[Panel]:
    """Draw accuracy, mean MEI response and selectivity over epochs."""
    x = epoch_axis(summary.epochs)
    accuracy = [Curve("test accuracy", summary.progress["accuracy"])]
    response = [_response(layer) for layer in summary.layers]
    index = [Curve(layer.name, _index(layer)[1]) for layer in summary.layers]
    unit = axis_of(summary.layout, summary.layout.layers)
    return [
        Panel(
            "Test accuracy",
            _lack(summary)
            or chart("accuracy", x, accuracy, label="share of test images", top=1.02, width=WIDE),
            "How well the network classifies test images at each epoch: higher is better trained.",
        ),
        Panel(
            "Mean MEI response of each layer",
            chart("response", x, response, label=unit, width=WIDE),
            "How strongly neurons can be driven: the response to the best image that the search found for each, "
            "averaged over the layer. Hollow marks rest on a part of the neurons.",
        ),
        Panel(
            "Median class selectivity of each layer",
            chart("selectivity", x, index, label="class selectivity index", top=1.02, width=WIDE),
            "0: all classes drive a neuron alike; 1: only its preferred class does. Measured on test images, "
            "the class chosen on one half and measured on the other.",
        ),
    ]


def _lack(summary: Summary) -> Markup:
    """Return the sentence in place of a drawing that a network without read-out cannot have; empty for others."""
    sentence = network_lack(summary.layout, "readout")
    return Markup('<p class="lack">{}</p>').format(sentence) if sentence else Markup()


def _response(layer: LayerSummary) -> Curve:
    partial = np.asarray(~layer.settled.all(axis=1) & layer.settled.any(axis=1))
    return Curve(layer.name, mean(layer.response, 1), partial=partial)


def _index(layer: LayerSummary) -> Array:
    return quartiles(layer.measures["class_selectivity_index"])


def layer_panels(summary: Summary, layer: LayerSummary) -> list[Panel]:
    """Draw the search, its gain, selectivity, the class read in MEIs, and response against naturalness."""
    x = epoch_axis(summary.epochs)
    natural = naturalness_panel(summary, layer)
    return [
        search_panel(summary, layer),
        ratio_panel(layer, x),
        index_panel(summary, layer, x),
        class_panel(summary, layer, x),
        *([natural] if natural else []),
    ]


def search_panel(summary: Summary, layer: LayerSummary) -> Panel:
    """Draw the best so far against images, at the last epoch with a search that ended."""
    unit = summary.layout.unit(layer.name)
    ended = np.flatnonzero(layer.settled.any(axis=1))
    row = int(ended[-1]) if ended.size else 0
    when = f" at epoch {summary.epochs[row]:g}" if ended.size else ""
    natural = np.where(layer.settled, layer.top_response[..., 0], np.nan)
    references = {
        "best test image": float(mean(natural, 1)[row]),
        "best screening image": float(layer.screened[row]),
    }
    lines = [
        Curve(label, layer.history[row, place])
        for place, label in enumerate(summary.layout.methods)
    ]
    drawing = chart(
        f"{layer.name}-search",
        image_axis(layer.image_counts),
        lines,
        label=f"{'best' if summary.sign > 0 else 'lowest'} {short_unit(unit)} so far",
        references=references,
    )
    climbs = "rises" if summary.sign > 0 else "falls"
    reading = f"Mean over neurons and repeats. A curve that still {climbs} would gain from a larger budget."
    return Panel(f"Search{when}", drawing, reading)


def ratio_panel(layer: LayerSummary, x: XAxis) -> Panel:
    """Draw the gain of the search over images that nobody had to search for."""
    lines = [
        _quartiles("best test image", layer.measures["natural_ratio"]),
        _quartiles("best screening image", layer.measures["random_ratio"]),
    ]
    drawing = chart(
        f"{layer.name}-ratio",
        x,
        lines,
        label="MEI response / response to",
        references={"equal": 1.0},
    )
    reading = "Above 1: the search found a stronger stimulus. Median and quartiles over neurons."
    return Panel("MEI against the best other images", drawing, reading)


def index_panel(summary: Summary, layer: LayerSummary, x: XAxis) -> Panel:
    """Draw how selective the layer's neurons are for one class of natural images."""
    lines = [_quartiles("median", layer.measures["class_selectivity_index"])]
    drawing = chart(
        f"{layer.name}-selectivity", x, lines, label="class selectivity index", top=1.02
    )
    reading = (
        "Median and quartiles over the neurons with at least 20 answered test images "
        f"({_defined(summary, layer)})."
    )
    return Panel("Class selectivity", drawing, reading)


def class_panel(summary: Summary, layer: LayerSummary, x: XAxis) -> Panel:
    """Draw the share of MEIs that the network reads as what their neuron prefers among test images."""
    agreed, defined = agreed_of_defined(layer)
    share = np.divide(agreed, defined, out=np.full(len(defined), np.nan), where=defined > 0)
    classes = len(summary.layout.classes)
    drawing = _lack(summary) or chart(
        f"{layer.name}-class",
        x,
        [Curve("MEIs", share)],
        label="share of neurons",
        top=1.02,
        references={f"1 / {classes} classes": 1 / classes},
    )
    reading = "Neurons whose MEI the network classifies as the class they prefer among test images."
    return Panel("MEI read as preferred class", drawing, reading)


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


def _quartiles(label: str, values: Array) -> Curve:
    low, middle, high = quartiles(values)
    return Curve(label, middle, band=(low, high))


def _defined(summary: Summary, layer: LayerSummary) -> str:
    if summary.analysed is None:
        return "no epoch is analysed yet"
    count = np.isfinite(layer.measures["class_selectivity_index"][summary.analysed]).sum()
    return f"{count} of {len(layer.neurons)} at epoch {summary.epochs[summary.analysed]:g}"
