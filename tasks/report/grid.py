"""The grid of a layer: neurons down, epochs across, the best natural images and the tuning beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup

from spikeatlas.tasks.atlas import DONE, FAILED, PENDING, SATURATED, SILENT, STATUS, UnitFields
from spikeatlas.tasks.report.atlas_words import UNKNOWN, level, stimulus_word
from spikeatlas.tasks.report.key import epoch_names, number
from spikeatlas.tasks.report.layers import LayerSummary
from spikeatlas.tasks.report.pictures import Picture, bar_width, bars, data_uri, short_names
from spikeatlas.tasks.report.summary import Summary

PICTURED = (DONE, SATURATED)
"""States with an image to show: a silent neuron has none."""


LAST = -1e300
"""Below any response: what sorts a neuron without one behind all others."""


@dataclass(frozen=True)
class NeuronRow:
    """One neuron."""

    neuron: int
    facts: tuple[tuple[str, str], ...]
    cells: tuple[Picture, ...]
    natural: tuple[Picture, ...]
    tuning: Markup
    strongest: str
    """The height of the highest bar."""
    keys: tuple[float, float, int]
    """The values that rows are sorted by: response, selectivity, preferred class."""


@dataclass(frozen=True)
class EpochColumn:
    """The head of one epoch's column."""

    epoch: str
    accuracy: str
    states: tuple[str, ...]


@dataclass(frozen=True)
class LayerGrid:
    """A layer's table, ready to be laid out."""

    side: int
    """Width of a picture on screen."""
    height: int
    columns: tuple[EpochColumn, ...]
    ranks: int
    observed: str
    """The epoch of the natural images and the tuning; empty: not known yet."""
    labels: tuple[str, ...]
    """A short label for each class; empty where there are too many to fit."""
    bar: int
    """Width of a bar, in pixels."""
    classes: int
    rows: tuple[NeuronRow, ...]


def layer_grid(summary: Summary, layer: LayerSummary) -> LayerGrid:
    """Lay out one layer."""
    layout = summary.layout
    names = epoch_names(summary)
    bar = bar_width(len(layout.classes))
    return LayerGrid(
        side=summary.side,
        height=round(summary.side * summary.picture[1] / summary.picture[2]),
        columns=tuple(_column(summary, layer, place) for place in range(len(names))),
        ranks=layer.top.shape[2],
        observed="" if summary.observed is None else names[summary.observed],
        labels=tuple(short_names(layout.classes)) if bar >= 10 else (),
        bar=bar,
        classes=len(layout.classes),
        rows=tuple(_row(summary, layer, place) for place in range(len(layer.neurons))),
    )


def _column(summary: Summary, layer: LayerSummary, place: int) -> EpochColumn:
    status = layer.status[place]
    counts = {
        STATUS[state]: np.count_nonzero(status == state)
        for state in (DONE, SILENT, SATURATED, FAILED, PENDING)
    }
    return EpochColumn(
        epoch_names(summary)[place],
        number(100 * summary.progress["accuracy"][place], ".1f"),
        tuple(f"{count} {word}" for word, count in counts.items() if count and summary.searched),
    )


def _row(summary: Summary, layer: LayerSummary, place: int) -> NeuronRow:
    measures = {name: values[:, place] for name, values in layer.measures.items()}
    last = summary.analysed if summary.analysed is not None else -1
    response = layer.response[:, place]
    ended = np.flatnonzero(np.isfinite(response))
    return NeuronRow(
        neuron=layer.neurons[place],
        facts=_facts(summary, {name: values[last] for name, values in measures.items()}),
        cells=tuple(_cell(summary, layer, epoch, place) for epoch in range(len(summary.epochs))),
        natural=_natural(summary, layer, place),
        tuning=_tuning(summary, layer, place),
        strongest=level(float(layer.tuning[summary.observed or 0, place].max())),
        keys=(
            float(response[ended[-1]]) if ended.size else LAST,
            float(np.nan_to_num(measures["class_selectivity_index"][last], nan=-2)),
            int(measures["preferred_class"][last]),
        ),
    )


def _facts(summary: Summary, measures: dict[str, float]) -> tuple[tuple[str, str], ...]:
    """Return the facts beside a neuron's number, at the last analysed epoch."""
    classes = summary.layout.classes
    prefers = ("prefers", _class(classes, int(measures["preferred_class"])))
    selectivity = ("selectivity", number(measures["class_selectivity_index"], ".2f"))
    if not summary.searched:
        return prefers, selectivity
    return (
        prefers,
        ("MEI read as", _class(classes, int(measures["mei_class"]))),
        selectivity,
        ("MEI / best test", number(measures["natural_ratio"], ".2f")),
        ("MEI / best screening", number(measures["random_ratio"], ".2f")),
    )


def _class(classes: tuple[str, ...], place: int) -> str:
    return classes[place] if place >= 0 else UNKNOWN


def _cell(summary: Summary, layer: LayerSummary, epoch: int, place: int) -> Picture:
    if not summary.searched:
        return _best_test(summary, layer, epoch, place)
    state = layer.status[epoch, place]
    where = f"{layer.name} neuron {layer.neurons[place]}, epoch {summary.epochs[epoch]:g}"
    word = STATUS[state]
    if state in (PENDING, FAILED):
        return Picture("", word, "", note=f"{where}: {word}")
    read, preferred = (
        int(layer.measures[name][epoch, place]) for name in ("mei_class", "preferred_class")
    )
    short = short_names(summary.layout.classes)
    analysed = bool(summary.flags["analysed"][epoch]) and state in PICTURED
    beaten = layer.best_known.words(summary.epochs, epoch, place)
    picture = Picture(
        picture=data_uri(layer.mei[epoch, place]) if state in PICTURED else "",
        word="" if state == DONE else word,
        response=level(layer.response[epoch, place]),
        classes=f"{_class(tuple(short), read)} / {_class(tuple(short), preferred)}"
        if analysed
        else "",
        agrees=analysed and read == preferred >= 0,
        note=f"{where}: {_story(summary, layer, epoch, place)}{f'; {beaten}' if beaten else ''}",
        beaten=beaten,
    )
    return _with_least(picture, layer, epoch, place)


def _with_least(picture: Picture, layer: LayerSummary, epoch: int, place: int) -> Picture:
    """Put the least exciting image below, where it was sought and one was found."""
    least = layer.least
    if least is None or least.status[epoch, place] not in PICTURED:
        return picture
    response = level(least.response[epoch, place])
    return replace(
        picture,
        least=data_uri(least.mei[epoch, place]),
        least_response=response,
        note=f"{picture.note}; least exciting image: response {response}",
    )


def _best_test(summary: Summary, layer: LayerSummary, epoch: int, place: int) -> Picture:
    """Return the best test image of an epoch, with its class: in blue where that is the preferred one."""
    if not summary.flags["observed"][epoch]:
        return Picture("", "not seen yet", "")
    index, response = int(layer.top[epoch, place, 0]), float(layer.response[epoch, place])
    picture = _test_image(summary, index, response, summary.layout.unit(layer.name))
    test, preferred = summary.test.split, layer.measures["preferred_class"][epoch, place]
    agrees = test is not None and bool(picture.picture) and test.labels[index] == preferred
    return replace(picture, agrees=bool(agrees))


def _story(summary: Summary, layer: LayerSummary, epoch: int, place: int) -> str:
    """Return a cell in words, for its tooltip."""
    state = layer.status[epoch, place]
    at = {name: values[epoch, place] for name, values in layer.measures.items()}
    parts = [
        f"response {layer.response[epoch, place]:.4g}",
        f"found by {layer.search[epoch, place]}, repeat {layer.repeat[epoch, place]}",
    ]
    if state != DONE:
        parts.append(STATUS[state])
    if summary.flags["analysed"][epoch]:
        parts += [f"{name} {value}" for name, value in _facts(summary, at)]
    return "; ".join(parts)


def _natural(summary: Summary, layer: LayerSummary, place: int) -> tuple[Picture, ...]:
    """Return the best test images at the last observed epoch, or their responses alone."""
    if summary.observed is None:
        return ()
    best = zip(
        layer.top[summary.observed, place], layer.top_response[summary.observed, place], strict=True
    )
    unit = summary.layout.unit(layer.name)
    return tuple(_test_image(summary, int(index), response, unit) for index, response in best)


def _test_image(summary: Summary, index: int, response: float, unit: UnitFields) -> Picture:
    test = summary.test.split
    if index < 0 or not np.isfinite(response):
        return Picture("", UNKNOWN, "")
    text = level(response)
    if response <= 0 and unit.zero_is_silence:
        return Picture("", "no answer", text)
    what = f"test {stimulus_word(summary.layout)} {index}"
    if test is None:
        return Picture("", "not here", text, note=f"{what}: response {response:.4g}")
    label = int(test.labels[index])
    note = f"{what}, class {summary.layout.classes[label]}: response {response:.4g}"
    return Picture(
        data_uri(test.images[index]),
        "",
        text,
        short_names(summary.layout.classes)[label],
        note=note,
    )


def _tuning(summary: Summary, layer: LayerSummary, place: int) -> Markup:
    if summary.observed is None:
        return Markup()
    values = layer.tuning[summary.observed, place]
    title = ", ".join(
        f"{name} {value:.4g}" for name, value in zip(summary.layout.classes, values, strict=True)
    )
    preferred = int(layer.measures["preferred_class"][summary.observed, place])
    return bars(values, preferred, f"mean response to each class: {title}")
