"""The assessment of a generator: how good its images are, in the eyes of the study's own classifier."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import CodeSpace, GaussianSpace, Space
from spikeatlas.snn.atomic import write_atomically
from spikeatlas.snn.classifier import Classifier, calibration_error
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.generators import CodeLatent, Generator
from spikeatlas.snn.generators.evaluation import (
    Quality,
    independent_pixels,
    measure_quality,
)
from spikeatlas.tasks.stages.quality.samples import quality_rng, write_samples
from spikeatlas.tasks.study.latent_space import LEVELS, SPAN
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

SAMPLES = 5000
"""Images of each kind that a generator is judged by, where there are as many."""

Images = NDArray[np.uint8]


class ImageSource(NamedTuple):
    """One kind of made images."""

    name: str
    images: Images


@dataclasses.dataclass(frozen=True)
class CodeUse:
    """The use that an autoencoder makes of its codes."""

    reconstruction_error: float
    """Mean squared error of test images / variance of their pixels."""
    unused: int
    """Codes that no training image uses."""
    perplexity: float
    """exp(entropy) of the codes that training images use, 1..codes."""
    codes: int
    uniform_nats: float
    """Nats a code of the test images if any code is as likely as another: log(codes)."""
    factorised_nats: float
    """The same under each position's own shares of codes."""
    autoregressive_nats: float
    """The same where the codes before are known too."""


@dataclasses.dataclass(frozen=True)
class Assessment:
    """The quality of a generator."""

    accuracy: float
    """The classifier's, on test images."""
    calibration_error: float
    """Its expected calibration error on them."""
    images: int
    """Images of each kind."""
    qualities: dict[str, Quality]
    """By the kind of images."""
    code_use: CodeUse | None


def assess(run: Run) -> Assessment | None:
    """Judge the study's generator; None in a study without a classifier.

    The assessment is written beside the generator, and read where it is there.
    """
    if run.classifier is None:
        return None
    path = _file(run)
    if path.exists():
        return read_assessment(path)
    assessment = _assess(run, models.classifier_at(run.classifier_file))
    write_atomically(path, json.dumps(dataclasses.asdict(assessment), indent=1).encode())
    return assessment


def _file(run: Run) -> Path:
    name = f"quality-{models.generator_digest(run)[:16]}-{run.classifier_file.stem[-16:]}.json"
    return run.generator_folder / name


def read_assessment(path: Path) -> Assessment:
    """Read an assessment that ``assess`` wrote."""
    fields = json.loads(path.read_text())
    qualities = {
        name: Quality(**{**quality, "class_shares": tuple(quality["class_shares"])})
        for name, quality in fields["qualities"].items()
    }
    use = CodeUse(**fields["code_use"]) if fields["code_use"] else None
    return Assessment(**{**fields, "qualities": qualities, "code_use": use})


def _assess(run: Run, judge: Classifier) -> Assessment:
    data, model = models.dataset(run.data), models.generator(run)
    count = min(SAMPLES, len(data.train), len(data.test))
    train, test = (
        images[quality_rng(run, name).permutation(len(images))[:count]]
        for name, images in (("known", data.train.images), ("new", data.test.images))
    )
    qualities = {}
    for source in sources(run, model, data, count):
        write_samples(run.generator_folder / f"{source.name.replace(' ', '-')}.png", source.images)
        qualities[source.name] = measure_quality(
            judge,
            samples=source.images,
            train=train,
            held_out=test,
            rng=quality_rng(run, "independent"),
        )
    chances = judge.probabilities(data.test.images)
    return Assessment(
        accuracy=float((chances.argmax(axis=1) == data.test.labels).mean()),
        calibration_error=calibration_error(chances, data.test.labels),
        images=count,
        qualities=qualities,
        code_use=code_use(run, model, data) if models.prior_file(run) else None,
    )


def sources(run: Run, model: Generator, data: DataSet, count: int) -> Iterator[ImageSource]:
    """Yield samples of the generator's priors, the poorest last; then images to compare them with."""
    for name, space in spaces(run, model):
        points = space.sample(quality_rng(run, name), count)
        yield ImageSource(name, model.decode(points, run.responder.batch_size))
    yield ImageSource(
        "independent pixels",
        independent_pixels(data.train.images, count, quality_rng(run, "pixels")),
    )
    rows = quality_rng(run, "known").permutation(len(data.train))[:count]
    yield ImageSource("copies of training images", data.train.images[rows])


def spaces(run: Run, model: Generator) -> Iterator[tuple[str, Space]]:
    """Yield the ways to draw a latent of this generator, by name, the best one first."""
    latent = model.latent
    if not isinstance(latent, CodeLatent):
        yield "prior", GaussianSpace(latent.dim, None)
        yield "quantile grid", GaussianSpace(latent.dim, LEVELS)
        # each level as likely as another, as where MANGO's search begins
        yield "uniform grid", _Uniform(latent.dim)
        return
    for kind in ("autoregressive", "factorised"):
        prior = models.code_prior(run, kind)
        if prior is not None:
            yield f"{kind} codes", CodeSpace(latent.positions, latent.codes, prior=prior)
    yield "uniform codes", CodeSpace(latent.positions, latent.codes)


class _Uniform(GaussianSpace):
    """MANGO's grid, drawn from as if its prior were uniform on it."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, LEVELS, SPAN, "uniform")

    def sample(self, rng: np.random.Generator, count: int) -> NDArray[np.float32]:
        return self.values[rng.integers(LEVELS, size=(count, self.dim))]


def code_use(run: Run, model: Generator, data: DataSet) -> CodeUse:
    """Measure an autoencoder's use of its codes: on training images which are used, on test images the rest."""
    assert isinstance(model.latent, CodeLatent)
    points = model.encode(data.test.images, run.responder.batch_size)
    reconstructions = model.decode(points, run.responder.batch_size).astype(np.float32)
    real = data.test.images.astype(np.float32)
    used = np.bincount(models.natural_points(run).ravel(), minlength=model.latent.codes)
    share = used[used > 0] / used.sum()
    nats = {kind: models.code_prior(run, kind) for kind in ("factorised", "autoregressive")}
    lengths = {f"{kind}_nats": prior.nats_per_code(points) for kind, prior in nats.items() if prior}
    return CodeUse(
        reconstruction_error=float(np.square(reconstructions - real).mean() / real.var()),
        unused=int((used == 0).sum()),
        perplexity=float(np.exp(-(share * np.log(share)).sum())),
        codes=model.latent.codes,
        uniform_nats=math.log(model.latent.codes),
        **lengths,
    )
