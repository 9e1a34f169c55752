"""Checks of a study's analysis and of its classifier."""

from __future__ import annotations

from spikeatlas.flows.checks.probe_checks import unprobed
from spikeatlas.snn.classifier import SMALLEST
from spikeatlas.snn.data import SMALLEST_CLASS, DataSet
from spikeatlas.tasks.study.study import Study


def analysis_problems(study: Study, data: DataSet | None) -> list[str]:
    """Name ablation at epochs that are not probed, more images than there are, and too few of a class to test on."""
    analysis = study.analysis
    problems = unprobed(study, data, "analysis.ablation", analysis.ablation)
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


def classifier_problems(study: Study, data: DataSet | None) -> list[str]:
    """Name images that the classifier cannot look at."""
    if study.classifier is None or data is None or data.size >= SMALLEST:
        return []
    message = (
        f"classifier: images of {data.size}x{data.size} pixels are too small, {SMALLEST}x{SMALLEST} are the least; "
        "give larger ones, or leave the section out"
    )
    return [message]
