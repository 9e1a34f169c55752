"""The naturalness of a stimulus: beside every response, and, where a study asks for it, in the objective of its search."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Points, norm_quantile
from spikeatlas.snn.data import DataSpec
from spikeatlas.snn.generators import GaussianGenerator, Generator
from spikeatlas.snn.generators.evaluation import nearest_distances
from spikeatlas.snn.generators.priors import CodePrior
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

Numbers = NDArray[np.float64]
Images = NDArray[np.uint8]


class Scale:
    """A scale of naturalness: a generator's critic or the prior of its codes, and the scores of real images."""

    def __init__(self, model: Generator, prior: CodePrior | None, real: Images) -> None:
        self._model, self._prior = model, prior
        points = model.encode(real) if prior else np.zeros((len(real), 0), np.float32)
        self._reference = np.sort(self.score(points, real))

    def score(self, points: Points, images: Images) -> Numbers:
        """The critic's score, or the codes' log-likelihood in nats, (n,) of stimuli and their points."""
        if isinstance(self._model, GaussianGenerator):
            return self._model.score(images).astype(np.float64)
        assert self._prior is not None
        return self._prior.log_likelihood(points)

    def place(self, scores: Numbers) -> Numbers:
        """The part (n,) of the real images that score no higher: 0.5 is as natural as most."""
        return np.searchsorted(self._reference, scores, side="right") / len(self._reference)

    def typicality(self, points: Points, images: Images) -> Numbers:
        """The same for stimuli and their points."""
        return self.place(self.score(points, images))


@lru_cache(maxsize=2)
def scale_at(source: models.GeneratorSource, prior: Path | None, data: DataSpec) -> Scale:
    """Return the scale of a generator and a data set's test images."""
    code_prior = None if prior is None else models.prior_at(prior)
    return Scale(models.generator_at(source), code_prior, models.dataset(data).test.images)


def scale_of(run: Run) -> Scale:
    """The scale of a study's generator."""
    return scale_at(models.generator_source(run), models.prior_file(run), run.data)


def measure(run: Run, points: Points, images: Images) -> dict[str, NDArray[Any]]:
    """The variables of ``/naturalness`` for stimuli (n, c, h, w) made of points (n, d), each (n,)."""
    model = models.generator(run)
    train = _pixels(models.dataset(run.data).train.images)
    distance, place = nearest_distances(_pixels(images), train)
    columns: dict[str, NDArray[Any]] = {
        # per pixel, in shares of the grey scale
        "nearest_distance": (distance / np.sqrt(train.shape[1])).astype(np.float32),
        "nearest_image": place.astype(np.int32),
        "clipped_share": model.clipped(points, run.responder.batch_size),
    }
    source = run.generator.naturalness
    if model.latent.kind == "gaussian":
        columns["norm_quantile"] = norm_quantile(points.astype(np.float32)).astype(np.float32)
    if source in ("critic", "code"):
        name = "critic_score" if source == "critic" else "code_log_likelihood"
        scale = scale_of(run)
        scores = scale.score(points, images)
        columns |= {
            name: scores.astype(np.float32),
            "typicality": scale.place(scores).astype(np.float32),
        }
    return columns


def _pixels(images: Images) -> NDArray[np.float32]:
    """Images as rows of numbers from 0 to 1."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
