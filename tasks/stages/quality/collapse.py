"""The look at a generator before anything is searched: one that makes the same image of everything ends the run."""

from __future__ import annotations

from spikeatlas.snn.generators.evaluation import DRAWS, StimulusVariety, measure_variety
from spikeatlas.tasks.stages.quality.samples import quality_rng
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


def variety_of(run: Run) -> StimulusVariety:
    """Measure what the run's generator makes of latents as its searches draw them."""
    model, space = models.generator(run), models.search_space(run)
    points = space.sample(quality_rng(run, "variety"), DRAWS)
    data = models.dataset(run.data)
    return measure_variety(
        model, points, data.train.images, data.test.images, run.responder.batch_size
    )


def require_variety(run: Run, variety: StimulusVariety) -> None:
    """Raise ValueError for a generator that has collapsed, saying what to do."""
    if variety.problem is None:
        return
    generator = run.generator
    if generator.trained and generator.checkpoint is None:
        remedy = "lower generator.lr, or train it with other generator.epochs, and give another output, or run with --fresh"
    else:
        remedy = "give another generator"
    raise ValueError(f"{variety.problem}; every search would find the same: {remedy}.")
