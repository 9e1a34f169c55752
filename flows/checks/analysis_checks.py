"""Checks of a study's analysis and of its classifier."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from spikeatlas.flows.checks.epoch_checks import unprobed
from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.snn.classifier import SMALLEST
from spikeatlas.snn.data import SMALLEST_CLASS
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.sentences import caught
from spikeatlas.snn.subjects import LACKS, probe_problems
from spikeatlas.tasks.workers import models


def analysis_problems(inputs: StudyInputs) -> list[str]:
    """Name ablation at epochs that are not probed, more images than there are, and too few of a class to test on."""
    analysis, data = inputs.study.analysis, inputs.data
    problems = unprobed(inputs, "analysis.ablation", analysis.ablation)
    for part in (
        _impossible,
        _importance_problems,
        _position_problems,
        _length_problems,
        _life_problems,
    ):
        problems += part(inputs)
    if data is None:
        return problems
    count, classes = len(data.test), len(data.classes)
    if analysis.ablation and analysis.ablation_images > count:
        problems.append(
            f"analysis.ablation_images: {analysis.ablation_images} is more than the {count} test images there are; "
            f"give at most {count}"
        )
    least = SMALLEST_CLASS * classes
    problems += [
        f"analysis.{name}: {images} is below {least}, {SMALLEST_CLASS} images for each of {classes} classes; "
        f"give at least {least}"
        for name, images in (
            ("images", analysis.images),
            ("ablation_images", analysis.ablation_images),
        )
        if images < least
    ]
    return problems


def _impossible(inputs: StudyInputs) -> list[str]:
    """Name measurements that need what the network does not have."""
    lacks = () if inputs.source is None else inputs.source.lacks
    missing = [name for name in ("readout", "ablation") if name in lacks]
    if not inputs.study.analysis.ablation or not missing:
        return []
    reasons = "; ".join(LACKS[name] for name in missing)
    return [f"analysis.ablation: this network does not have {reasons}; leave analysis.ablation out"]


def _importance_problems(inputs: StudyInputs) -> list[str]:
    """Name measures of importance that cannot be had of the network, that have one name, or no epoch to be had at."""
    analysis = inputs.study.analysis
    specs = analysis.further_importance
    if not specs:
        return []
    problems = []
    if not analysis.ablation:
        message = "analysis.importance: it is measured at the epochs of analysis.ablation, which names none; name some there"
        problems.append(message)
    names = Counter(spec.variable for spec in specs)
    problems += [
        f"analysis.importance: {count} measures are called {name!r} in the atlas; name each once"
        for name, count in names.items()
        if count > 1
    ]
    subject = None if inputs.source is None else inputs.source.example()
    sentences = [] if subject is None else [s for spec in specs for s in spec.problems(subject)]
    return problems + [f"analysis.importance: {sentence}" for sentence in sentences]


def _life_problems(inputs: StudyInputs) -> list[str]:
    """Name what keeps silent neurons from being certified dead and searched for what drives them."""
    study = inputs.study
    if not study.analysis.life:
        return []
    lacks = []
    if not isinstance(study.network, NetworkSpec):
        lacks.append(
            f"bounds are of layers in a row (network.kind: chain), not of {study.network.kind}"
        )
    if study.probe.reading != RATE or study.probe.unit != "channel":
        lacks.append(
            "it is about rates of whole channels (probe.reading: rate, probe.unit: channel)"
        )
    if not study.search.methods:
        lacks.append("it searches with the first of search.methods, which names none")
    return [f"analysis.life: {lack}; leave analysis.life out" for lack in lacks]


def _position_problems(inputs: StudyInputs) -> list[str]:
    """Name a position that is no other unit than the study's own, or that a map does not have."""
    study = inputs.study
    position, unit = study.analysis.position, study.probe.unit
    if position is None:
        return []
    if position == "channel" or unit != "channel":
        reason = "channel is measured anyway" if position == "channel" else f"probe.unit is {unit}"
        message = (
            f"analysis.position: {reason}; write centre or a position of the maps as [row, column], and leave "
            "probe.unit at channel"
        )
        return [message]
    if inputs.source is None:
        return []
    layers = None if study.probe.layers == "all" else study.probe.layers
    problems = probe_problems(models.plain_source(study), study.probe.reading, position, layers)
    return [
        f"analysis.position {problem.removeprefix('unit ')}"
        if problem.startswith("unit ")
        else f"analysis.position: {problem}"
        for problem in problems
    ]


def _length_problems(inputs: StudyInputs) -> list[str]:
    """Name lengths of a showing that the network cannot be shown, or not be read of."""
    study, source = inputs.study, inputs.source
    lengths, probe = study.analysis.lengths, study.probe
    problems = []
    if len(set(lengths)) < len(lengths):
        problems.append(f"analysis.lengths: {list(lengths)} names one twice; name each once")
    if source is None or inputs.data is None:
        return problems
    layers = None if probe.layers == "all" else probe.layers
    images = inputs.data.test.images[:1]
    plain = models.plain_source(study)

    def show(length: int) -> None:
        at_length = plain.at_length(length)
        unread = probe_problems(at_length, probe.reading, probe.unit, layers)
        if unread:
            raise ValueError(f"of {length} time steps, {unread[0]}")
        key = models.coding_key(study, "", "check")
        # one stimulus needs no padding to a batch, and none of the tables of spike trains that many steps make long
        showing = replace(models.showing_of(study.responder, key), batch_size=1, kind="plain")
        at_length.example().responder({next(iter(at_length.layers)): [0]}, showing)(images)

    for length in lengths:
        problems += caught("analysis.lengths", partial(show, length))
    return problems


def classifier_problems(inputs: StudyInputs) -> list[str]:
    """Name images that the classifier cannot look at."""
    study, data = inputs.study, inputs.data
    # numbers in a row are no picture at all, which is said elsewhere
    if study.classifier is None or data is None or data.size >= SMALLEST or data.size == 1:
        return []
    message = (
        f"classifier: images of {data.size}x{data.size} pixels are too small, {SMALLEST}x{SMALLEST} are the least; "
        "give larger ones, or leave the section out"
    )
    return [message]
