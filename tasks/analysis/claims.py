"""The paper's three claims (arXiv 2401.10748) as tests with an answer, by bars that were fixed before (claims.yaml)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.tasks.analysis import relation
from spikeatlas.tasks.analysis.claim import Claim, ClaimPart, decided, undecided
from spikeatlas.tasks.analysis.course import Course
from spikeatlas.tasks.analysis.intervals import (
    Estimate,
    difference,
    resampled,
    share,
)
from spikeatlas.tasks.analysis.thresholds import Thresholds, thresholds

BOOTSTRAPS = 1000
"""Times the neurons are drawn again for the interval of a correlation within one network."""


def claims(courses: Sequence[Course]) -> list[Claim]:
    """Test the three claims on networks of one study trained from different seeds; the first is the main one.

    Networks trained on shuffled labels are controls and take no part.
    """
    bars = thresholds()
    trained = [course for course in courses if not course.control]
    if not trained:
        raise ValueError(
            "the claims are about networks trained on true labels: name the atlas of one (training.labels: true)"
        )
    rng = np.random.default_rng(0)
    return [
        early_selectivity(trained, bars),
        refinement(trained, bars, rng),
        concept_change(trained, bars),
    ]


def early_selectivity(courses: Sequence[Course], bars: Thresholds) -> Claim:
    """Highly selective neurons form in early epochs, and in early layers."""
    statement = "Highly selective neurons form in early epochs and early layers."
    lacking = _lacks_time(courses[0], bars)
    formed = [sum(_formed(layer)[1] for layer in course.hidden.values()) for course in courses]
    if formed[0] < bars.minimum_neurons:
        lacking.append(
            f"{formed[0]} neurons became highly selective after epoch 0: {bars.minimum_neurons} are needed"
        )
        lacking += _without_index(courses[0])
    if lacking:
        return undecided("early_selectivity", statement, lacking, len(courses))
    parts = [
        ClaimPart(
            "share of them formed in the first quarter of training",
            bars.formed_early,
            tuple(share(*_early(course, bars), bars.level) for course in courses),
        ),
        ClaimPart(
            "share of responsive neurons highly selective early, first layer less deepest",
            bars.layer_difference,
            tuple(_layer_lead(course, bars) for course in courses),
        ),
    ]
    innate = sum(_formed(layer)[0] for layer in courses[0].hidden.values())
    note = f"{innate} neurons were highly selective before training, {formed[0]} became so"
    return decided("early_selectivity", statement, parts, bars, [note])


def refinement(courses: Sequence[Course], bars: Thresholds, rng: np.random.Generator) -> Claim:
    """Refined optimal stimuli come with rising accuracy."""
    statement = "Optimal stimuli become more refined as accuracy rises."
    searched = [course for course in courses if course.searched]
    lacking = []
    if not searched:
        lacking.append("no network's optimal stimuli were searched")
    elif not searched[0].hidden:
        lacking.append("no hidden layer is probed")
    elif bool(searched[0].accuracy.isnull().all()):
        lacking.append("the network's accuracy is not known")
    elif len(searched[0].epochs) < bars.refinement_epochs:
        lacking.append(
            f"{len(searched[0].epochs)} epochs are analysed: {bars.refinement_epochs} are needed"
        )
    if lacking:
        return undecided("refinement", statement, lacking, len(searched))
    parts = [
        ClaimPart(
            f"Spearman correlation over epochs of accuracy with {text}",
            bars.refinement_correlation,
            tuple(_refined(course, name, sign, bars, rng) for course in searched),
        )
        for text, name, sign in (
            ("the median MEI / best test image", "ratio", 1),
            ("minus the median perplexity of the class read in the MEI", "perplexity", -1),
        )
    ]
    return decided("refinement", statement, parts, bars, _descriptions(searched[0]))


def concept_change(courses: Sequence[Course], bars: Thresholds) -> Claim:
    """Some deep neurons change the concept that they prefer."""
    statement = "Some deep neurons change the class that they prefer."
    tested = [_switched(course, bars) for course in courses]
    lacking = []
    if len(courses[0].epochs[courses[0].epochs > 0]) < 2:
        lacking.append("a change needs two analysed epochs after epoch 0")
    elif tested[0][1] < bars.minimum_neurons:
        lacking.append(
            f"{tested[0][1]} deep neurons are selective at two epochs or more: {bars.minimum_neurons} are needed"
        )
        lacking += _without_index(courses[0])
    if lacking:
        return undecided("concept_change", statement, lacking, len(courses))
    unit = f"share of selective neurons of {', '.join(_deep(courses[0], bars))} that switched"
    part = ClaimPart(unit, bars.false_call, tuple(share(*counts, bars.level) for counts in tested))
    return decided("concept_change", statement, [part], bars, [_support(courses[0], bars)])


def _without_index(course: Course) -> list[str]:
    """Name the layers of which selectivity is undefined."""
    layers = [layer for layer in course.hidden if layer in course.signed]
    if not layers:
        return []
    message = (
        f"responses of {', '.join(layers)} may be below 0, where the class selectivity index is undefined: a share of a "
        "sum of both signs is no share"
    )
    return [message]


def _lacks_time(course: Course, bars: Thresholds) -> list[str]:
    later = course.epochs[course.epochs > 0]
    early = later <= bars.early * course.epochs[-1]
    reasons = []
    if len(later) < bars.minimum_epochs or not early.any() or early.all():
        reasons.append(
            f"{len(later)} analysed epochs after epoch 0, {int(early.sum())} of them in the first quarter: "
            f"{bars.minimum_epochs} are needed, early and late ones"
        )
    if len(course.hidden) < 2:
        reasons.append("one layer is probed: two are needed")
    return reasons


def _formed(layer: xr.Dataset) -> tuple[int, int]:
    """Neurons that were highly selective at epoch 0, and that became so later."""
    onset = layer.highly_selective_onset
    return int((onset == 0).sum()), int((onset > 0).sum())


def _early(course: Course, bars: Thresholds) -> tuple[int, int]:
    onset = xr.concat([layer.highly_selective_onset for layer in course.hidden.values()], "neuron")
    formed = onset > 0
    return int((formed & (onset <= bars.early * course.epochs[-1])).sum()), int(formed.sum())


def _layer_lead(course: Course, bars: Thresholds) -> Estimate:
    counts = []
    for name in (next(iter(course.hidden)), list(course.hidden)[-1]):
        layer = course.hidden[name]
        onset = layer.highly_selective_onset
        early = (onset > 0) & (onset <= bars.early * course.epochs[-1])
        counts.append((int(early.sum()), int(layer.responsive.any("epoch").sum())))
    return difference(counts[0], counts[1], bars.level)


def _refined(
    course: Course, name: str, sign: int, bars: Thresholds, rng: np.random.Generator
) -> Estimate:
    values = np.concatenate([layer[name].values for layer in course.hidden.values()], axis=1)
    accuracy = course.accuracy.values.astype(np.float64)

    def correlation(columns: NDArray[np.int64]) -> float:
        return relation.levels(accuracy, sign * _medians(values[:, columns]))

    whole = np.arange(values.shape[1])
    draws = rng.choice(whole, (BOOTSTRAPS, len(whole)))
    return resampled(
        np.array([correlation(columns) for columns in draws]), correlation(whole), bars.level
    )


def _medians(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """(epochs,) over the neurons that have a value; NaN where none has."""
    valid = ~np.isnan(values)
    return np.array(
        [
            np.median(row[has]) if has.any() else np.nan
            for row, has in zip(values, valid, strict=True)
        ]
    )


def _descriptions(course: Course) -> list[str]:
    """Say whether both rise at the same epochs within one network."""
    sentences = []
    for name, text, sign in (
        ("ratio", "MEI / best test image", 1),
        ("perplexity", "minus perplexity", -1),
    ):
        values = np.concatenate([layer[name].values for layer in course.hidden.values()], axis=1)
        increments = relation.increments(
            course.accuracy.values.astype(np.float64), sign * _medians(values)
        )
        sentences.append(
            f"increments of accuracy and of {text} within the first network: r {increments.correlation:.2f}, "
            f"circular shifts p {increments.p:.2f} (descriptive)"
        )
    return sentences


def _deep(course: Course, bars: Thresholds) -> list[str]:
    """The last part of the layers, rounded up."""
    names = list(course.hidden)
    return names[-max(1, int(np.ceil(bars.deep * len(names)))) :]


def _switched(course: Course, bars: Thresholds) -> tuple[int, int]:
    """Neurons of deep layers that switched, of those that could be tested."""
    layers = [course.hidden[name] for name in _deep(course, bars)]
    return (
        sum(int(layer.switched.sum()) for layer in layers),
        sum(int(layer.switch_p.notnull().sum()) for layer in layers),
    )


def _support(course: Course, bars: Thresholds) -> str:
    p = np.concatenate(
        [
            course.hidden[name].mei_support_p.values[course.hidden[name].switched.values == 1]
            for name in _deep(course, bars)
        ]
    )
    tests = p[~np.isnan(p)]
    return (
        f"of {len(p)} switched deep neurons of the first network {len(tests)} have cold MEIs to compare, "
        f"and {int((tests <= bars.rate).sum())} of these show another class than repeats of one epoch do (p <= {bars.rate:g})"
    )
