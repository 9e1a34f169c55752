"""The curves of the report, of the whole network and of each layer, each with a sentence on how to read it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from markupsafe import Markup

from spikeatlas.tasks.report.atlas_words import (
    axis_of,
    network_lack,
    short_unit,
    stimulus_word,
    undefined_shares,
)
from spikeatlas.tasks.report.averages import Array, mean, quartiles
from spikeatlas.tasks.report.figures import Curve, XAxis, chart, epoch_axis, image_axis
from spikeatlas.tasks.report.key import agreed_of_defined
from spikeatlas.tasks.report.layers import LayerSummary
from spikeatlas.tasks.report.naturalness_panel import naturalness_panel
from spikeatlas.tasks.report.pictures import Panel
from spikeatlas.tasks.report.summary import Summary

WIDE = 3.9
"""Inches of a drawing where three stand side by side, not four."""


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
            or chart(
                "accuracy",
                x,
                accuracy,
                label=f"share of test {stimulus_word(summary.layout)}s",
                top=1.02,
                width=WIDE,
            ),
            f"How well the network classifies test {stimulus_word(summary.layout)}s at each epoch: higher is better trained.",
        ),
        Panel(
            f"Mean {_best_of(summary)} of each layer",
            chart("response", x, response, label=unit, width=WIDE),
            _driven(summary),
        ),
        Panel(
            "Median class selectivity of each layer",
            _undefined(summary, summary.layout.layers)
            or chart(
                "selectivity", x, index, label="class selectivity index", top=1.02, width=WIDE
            ),
            "0: all classes drive a neuron alike; 1: only its preferred class does. Measured on test "
            f"{stimulus_word(summary.layout)}s, the class chosen on one half and measured on the other.",
        ),
    ]


def _best_of(summary: Summary) -> str:
    """Name the response that stands for a neuron."""
    return (
        "MEI response"
        if summary.searched
        else f"response to the best test {stimulus_word(summary.layout)}"
    )


def _driven(summary: Summary) -> str:
    if summary.searched:
        return (
            "How strongly neurons can be driven: the response to the best image that the search found for each, "
            "averaged over the layer. Hollow marks rest on a part of the neurons."
        )
    what = stimulus_word(summary.layout)
    return f"How strongly the test {what}s drive neurons: the response to the best of them, averaged over the layer."


def _lack(summary: Summary) -> Markup:
    """Return the sentence in place of a drawing that a network without read-out cannot have; empty for others."""
    return _instead(network_lack(summary.layout, "readout"))


def _undefined(summary: Summary, layers: Iterable[str]) -> Markup:
    """Return the sentence in place of a drawing of the class selectivity index, where no layer can have any."""
    return _instead(undefined_shares(summary.layout, layers))


def _instead(sentence: str) -> Markup:
    return Markup('<p class="lack">{}</p>').format(sentence) if sentence else Markup()


def _response(layer: LayerSummary) -> Curve:
    partial = np.asarray(~layer.settled.all(axis=1) & layer.settled.any(axis=1))
    return Curve(layer.name, mean(layer.response, 1), partial=partial)


def _index(layer: LayerSummary) -> Array:
    return quartiles(layer.measures["class_selectivity_index"])


def layer_panels(summary: Summary, layer: LayerSummary) -> list[Panel]:
    """Draw the search, its gain, selectivity, the class read in MEIs, and response against naturalness.

    Without searches: the responses to the best test images, and selectivity.
    """
    x = epoch_axis(summary.epochs)
    if not summary.searched:
        return [driven_panel(summary, layer, x), index_panel(summary, layer, x)]
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
    return Panel(f"Search{when}", drawing, _search_reading(summary))


def _search_reading(summary: Summary) -> str:
    """Say how to read the curves of the search."""
    climbs = "rises" if summary.sign > 0 else "falls"
    least = " (of a search for the least exciting image: falls)" if summary.layout.signs else ""
    return f"Mean over neurons and repeats. A curve that still {climbs}{least} would gain from a larger budget."


def driven_panel(summary: Summary, layer: LayerSummary, x: XAxis) -> Panel:
    """Draw the responses to the test images that drive each neuron most."""
    what = stimulus_word(summary.layout)
    drawing = chart(
        f"{layer.name}-driven",
        x,
        [_quartiles("median", layer.response)],
        label=short_unit(summary.layout.unit(layer.name)),
    )
    reading = "Median and quartiles over neurons."
    return Panel(f"Response to the best test {what}", drawing, reading)


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
    drawing = _undefined(summary, [layer.name]) or chart(
        f"{layer.name}-selectivity", x, lines, label="class selectivity index", top=1.02
    )
    reading = (
        f"Median and quartiles over the neurons with at least 20 answered test {stimulus_word(summary.layout)}s "
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


def _quartiles(label: str, values: Array) -> Curve:
    low, middle, high = quartiles(values)
    return Curve(label, middle, band=(low, high))


def _defined(summary: Summary, layer: LayerSummary) -> str:
    if summary.analysed is None:
        return "no epoch is analysed yet"
    count = np.isfinite(layer.measures["class_selectivity_index"][summary.analysed]).sum()
    return f"{count} of {len(layer.neurons)} at epoch {summary.epochs[summary.analysed]:g}"
