"""Judging a study's generator without making its atlas."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from spikeatlas.flows.runners import progress
from spikeatlas.snn.generators.evaluation import Quality
from spikeatlas.tasks.atlas import coordinator
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.stages import assess as assessment
from spikeatlas.tasks.stages import train
from spikeatlas.tasks.stages.assess import Assessment, CodeUse
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import StudyError


def assess(run: Run) -> Iterator[str]:
    """Train what is missing of classifier, generator and prior, and tell how good the generator's images are.

    StudyError in a study without a classifier.
    """
    if run.classifier is None:
        message = "classifier: there is none to judge the generator; add the section, for example classifier: {}"
        raise StudyError([message])
    with progress.shown(), coordinator(run.folder):
        train.train_classifier(run)
        train.train_generator(run)
        train.train_prior(run)
        found = assessment.assess(run)
    assert found is not None
    yield table(found)
    yield from told(found, run)


def table(found: Assessment) -> str:
    """The kinds of images, one a row."""
    made = Table(
        "images",
        "Frechet",
        "of indep.",
        "precision",
        "recall",
        "classes %",
        "confidence",
        "nearer to train",
    )
    for name, each in found.qualities.items():
        made.add_row(name, *cells(each))
    return as_text(made)


def cells(each: Quality) -> list[str]:
    """One row's numbers."""
    return [
        f"{each.frechet:.3f}",
        f"{each.frechet / each.frechet_independent:.3f}",
        f"{each.precision:.3f}",
        f"{each.recall:.3f}",
        f"{100 * min(each.class_shares):.1f} to {100 * max(each.class_shares):.1f}",
        f"{each.confidence:.3f}",
        f"{each.memorised:.3f} (at most {each.memorised_upper:.3f})",
    ]


def told(found: Assessment, run: Run) -> Iterator[str]:
    """What the numbers rest on, and how the codes serve."""
    any_of = next(iter(found.qualities.values()))
    yield (
        f"{found.images} images of each kind against as many test images, in the features of a classifier with "
        f"{found.accuracy:.1%} test accuracy and calibration error {found.calibration_error:.3f}; its confidence in "
        f"test images is {any_of.confidence_real:.3f}, the Frechet distance of training images {any_of.frechet_train:.3f}"
    )
    if found.code_use:
        yield code_line(found.code_use)
    yield f"pictures: {run.generator_folder}"


def code_line(use: CodeUse) -> str:
    """How an autoencoder's codes serve, in a sentence."""
    return (
        f"codes: {use.unused} of {use.codes} unused over the training images, perplexity {use.perplexity:.1f}; "
        f"reconstruction error {use.reconstruction_error:.3f} of the variance; nats a code of test images: uniform "
        f"{use.uniform_nats:.3f}, factorised {use.factorised_nats:.3f}, autoregressive {use.autoregressive_nats:.3f}"
    )
