"""Checks of a study's analysis and of its classifier."""

from __future__ import annotations

from spikeatlas.flows.checks.epoch_checks import unprobed
from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.snn.classifier import SMALLEST
from spikeatlas.snn.data import SMALLEST_CLASS
from spikeatlas.snn.subjects import LACKS, probe_problems
from spikeatlas.tasks.workers import models


def analysis_problems(inputs: StudyInputs) -> list[str]:
    """Name ablation at epochs that are not probed, more images than there are, and too few of a class to test on."""
    analysis, data = inputs.study.analysis, inputs.data
    problems = unprobed(inputs, "analysis.ablation", analysis.ablation)
    problems += [*_impossible(inputs), *_position_problems(inputs)]
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
