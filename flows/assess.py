"""Assessing a study's generator without making its atlas."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from spikeatlas.flows.runners import progress
from spikeatlas.flows.runners.failures import working
from spikeatlas.snn.generators.evaluation import Quality
from spikeatlas.tasks.atlas import coordinator
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.stages.quality import assess as assessment
from spikeatlas.tasks.stages import train
from spikeatlas.tasks.stages.quality.assess import Assessment, CodeUse
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import StudyError


def assess_study(run: Run) -> Iterator[str]:
    """Train what is missing of classifier, generator and prior, and say how good the generator's images are.

    StudyError in a study without a classifier.
    """
    if run.classifier is None:
        message = "classifier: there is none to judge the generator; add the section, for example classifier: {}"
        raise StudyError([message])
    with progress.in_terminal(), coordinator(run.folder), working():
        train.train_classifier(run)
        train.train_generator(run)
        train.train_prior(run)
        result = assessment.assess(run)
    assert result is not None
    yield table(result)
    yield from notes(result, run)


def table(result: Assessment) -> str:
    """Return the kinds of images, one a row."""
    rows = Table(
        "images",
        "Frechet",
        "of indep.",
        "precision",
        "recall",
        "classes %",
        "confidence",
        "nearer to train",
    )
    for name, quality in result.qualities.items():
        rows.add_row(name, *cells(quality))
    return as_text(rows)


def cells(quality: Quality) -> list[str]:
    """Return one row's numbers."""
    return [
        f"{quality.frechet:.3f}",
        f"{quality.frechet / quality.frechet_independent:.3f}",
        f"{quality.precision:.3f}",
        f"{quality.recall:.3f}",
        f"{100 * min(quality.class_shares):.1f} to {100 * max(quality.class_shares):.1f}",
        f"{quality.confidence:.3f}",
        f"{quality.memorised:.3f} (at most {quality.memorised_upper:.3f})",
    ]


def notes(result: Assessment, run: Run) -> Iterator[str]:
    """Say what the numbers rest on, and how the codes serve."""
    quality = next(iter(result.qualities.values()))
    yield (
        f"{result.images} images of each kind against as many test images, in the features of a classifier with "
        f"{result.accuracy:.1%} test accuracy and calibration error {result.calibration_error:.3f}; its confidence in "
        f"test images is {quality.confidence_real:.3f}, the Frechet distance of training images {quality.frechet_train:.3f}"
    )
    if result.code_use:
        yield code_line(result.code_use)
    yield f"pictures: {run.generator_folder}"


def code_line(use: CodeUse) -> str:
    """Say in a sentence how an autoencoder's codes serve."""
    return (
        f"codes: {use.unused} of {use.codes} unused over the training images, perplexity {use.perplexity:.1f}; "
        f"reconstruction error {use.reconstruction_error:.3f} of the variance; nats a code of test images: uniform "
        f"{use.uniform_nats:.3f}, factorised {use.factorised_nats:.3f}, autoregressive {use.autoregressive_nats:.3f}"
    )
