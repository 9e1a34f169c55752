"""The key figures of an atlas: per layer, at the last epochs that were reached and analysed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from spikeatlas.snn.generators.evaluation import StimulusVariety
from spikeatlas.tasks.atlas import DONE, FAILED, PENDING, SATURATED, SILENT, STATUS
from spikeatlas.tasks.report.atlas_words import UNKNOWN, level, stimulus_word
from spikeatlas.tasks.report.averages import Array, mean, quartiles
from spikeatlas.tasks.report.layers import LayerSummary
from spikeatlas.tasks.report.summary import Summary

COUNTED = (DONE, SILENT, SATURATED, FAILED, PENDING)


def key_figures(summary: Summary) -> str:
    """Return test accuracy over epochs and the key figures of each layer, as two short Markdown tables."""
    accuracy = [number(value, ".3f") for value in summary.progress["accuracy"]]
    parts = [
        markdown(["epoch", *epoch_names(summary)], [["test accuracy", *accuracy]]),
        markdown(columns(summary), [row(summary, layer) for layer in summary.layers]),
        basis(summary),
        *problems(summary),
    ]
    return "\n\n".join(parts)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def columns(summary: Summary) -> list[str]:
    """Return the headings of a ``row``."""
    if not summary.searched:
        what = stimulus_word(summary.layout)
        return [
            "layer",
            "neurons",
            f"mean response to best test {what}",
            "median class selectivity",
        ]
    return [
        "layer",
        "neurons",
        "mean MEI response",
        *(STATUS[state] for state in COUNTED),
        "median MEI / best test image",
        "median MEI / best screening image",
        "median class selectivity",
        "MEI read as preferred class",
        "best known elsewhere (all epochs)",
    ]


def row(summary: Summary, layer: LayerSummary) -> list[str]:
    """Return the key figures of one layer, formatted."""
    status = (
        layer.status[summary.reached]
        if summary.reached is not None
        else np.full(len(layer.neurons), PENDING)
    )
    response = (
        level(mean(layer.response, 1)[summary.reached]) if summary.reached is not None else UNKNOWN
    )
    if not summary.searched:
        index = median(summary, layer, "class_selectivity_index")
        return [layer.name, str(len(layer.neurons)), response, index]
    return [
        layer.name,
        str(len(layer.neurons)),
        response,
        *(str(np.count_nonzero(status == state)) for state in COUNTED),
        *(
            median(summary, layer, name)
            for name in ("natural_ratio", "random_ratio", "class_selectivity_index")
        ),
        agreement(summary, layer),
        elsewhere(layer),
    ]


def median(summary: Summary, layer: LayerSummary, measure: str) -> str:
    """Return the median of a measure at the last analysed epoch."""
    if summary.analysed is None:
        return UNKNOWN
    return number(quartiles(layer.measures[measure])[1, summary.analysed], ".2f")


def agreement(summary: Summary, layer: LayerSummary) -> str:
    """Return the number of MEIs that are read as their neuron's preferred class, of the neurons that prefer one."""
    if summary.analysed is None or "readout" in summary.layout.lacks:
        return UNKNOWN
    agreed, defined = (counts[summary.analysed] for counts in agreed_of_defined(layer))
    return f"{agreed} of {defined}"


def elsewhere(layer: LayerSummary) -> str:
    """Return at how many neurons and epochs another image beats the best found by the search, of those compared."""
    compared = np.count_nonzero(layer.best_known.compared)
    return f"{np.count_nonzero(layer.best_known.elsewhere)} of {compared}" if compared else UNKNOWN


def agreed_of_defined(layer: LayerSummary) -> tuple[Array, Array]:
    """Count (E,) neurons whose MEI is read as their preferred class, and neurons with a preferred class."""
    preferred = layer.measures["preferred_class"]
    defined = preferred >= 0
    agreed = defined & (layer.measures["mei_class"] == preferred)
    return agreed.sum(axis=1), defined.sum(axis=1)


def basis(summary: Summary) -> str:
    """Return a sentence that names the epochs of the figures."""
    if summary.reached is None and not summary.searched:
        return f"No epoch has seen the test {stimulus_word(summary.layout)}s yet."
    if summary.reached is None:
        return "No search has ended yet."
    if summary.reached == summary.analysed:
        return f"All figures are of epoch {summary.epochs[summary.reached]:g}."
    named = "Responses and states" if summary.searched else "Responses"
    text = f"{named} at epoch {summary.epochs[summary.reached]:g}"
    measures = "ratios, selectivity and classes" if summary.searched else "measures of selectivity"
    if summary.analysed is None:
        return f"{text}; no epoch is analysed yet, so {measures} are missing."
    return f"{text}; {measures} at epoch {summary.epochs[summary.analysed]:g}, the last analysed."


def problems(summary: Summary) -> list[str]:
    """Return sentences about results that are missing, images left out, a poor generator, and mute layers."""
    notes = [f"Data: {note}." for note in summary.provenance.get("images_notes", ())]
    mute = [sentence if sentence.endswith("?") else f"{sentence}." for sentence in summary.mute]
    return [*_missing(summary), *notes, *_of_generator(summary), *mute]


def _of_generator(summary: Summary) -> list[str]:
    """Say what is wrong with the generator; older atlases do not tell."""
    quality = json.loads(summary.attributes.get("generator_quality", "{}"))
    if "variety" not in quality:
        return []
    variety = StimulusVariety(**quality["variety"])
    sentences = filter(None, (variety.problem, variety.doubt))
    return [f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences]


def _missing(summary: Summary) -> list[str]:
    """Return sentences about results that are missing, over all epochs."""
    if not summary.searched:
        return _unanalysed(summary)
    status = np.concatenate([layer.status.ravel() for layer in summary.layers])
    remedies = {
        PENDING: "are pending: a run that is at work goes on with them, or else the next one",
        FAILED: "have failed: the run's log says why, and another run tries them again",
    }
    return [
        f"{np.count_nonzero(status == state)} of {status.size} results (neurons x epochs) {remedy}."
        for state, remedy in remedies.items()
        if (status == state).any()
    ]


def _unanalysed(summary: Summary) -> list[str]:
    missing = np.count_nonzero(~summary.flags["analysed"])
    if not missing:
        return []
    sentence = (
        f"{missing} of {len(summary.epochs)} epochs are not analysed yet: a run that is at work goes on with them, "
        "or else the next one."
    )
    return [sentence]


def epoch_names(summary: Summary) -> list[str]:
    """Return epochs as the page writes them."""
    return [f"{epoch:g}" for epoch in summary.epochs]


def number(value: float, form: str) -> str:
    """Return a number, or a dash where there is none."""
    return format(value, form) if np.isfinite(value) else UNKNOWN
