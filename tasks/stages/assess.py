"""How good a generator's images are, in the eyes of the study's own classifier."""

from __future__ import annotations

import csv
import dataclasses
import json
import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spikeatlas.optim import CodeSpace, GaussianSpace, Space
from spikeatlas.snn.classifier import Classifier, calibration_error
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.files import write_atomically
from spikeatlas.snn.generators import CodeLatent, EpochRecord, Generator
from spikeatlas.snn.generators.evaluation import (
    Quality,
    frechet_distance,
    independent_pixels,
    measure_quality,
)
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.latent_space import LEVELS, SPAN
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

log = logging.getLogger("spikeatlas")

SAMPLES = 5000
"""Images of each kind that a generator is judged by, where there are as many."""

CURVE_SAMPLES = 2000
"""The same at every epoch of its training."""

GRID = 10
"""Images in a row and in a column of a picture of samples."""

Images = NDArray[np.uint8]


class Source(NamedTuple):
    """One kind of made images."""

    name: str
    images: Images


@dataclasses.dataclass(frozen=True)
class CodeUse:
    """How well an autoencoder's codes serve."""

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
    """What is known of a generator."""

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
    """Judge the study's generator; None in a study without a classifier. Written beside the generator too."""
    models.one_thread()
    if run.classifier is None:
        return None
    path = _file(run)
    if path.exists():
        return read_assessment(path)
    found = _assess(run, models.classifier_at(run.classifier_file))
    write_atomically(path, json.dumps(dataclasses.asdict(found), indent=1).encode())
    return found


def _file(run: Run) -> Path:
    name = f"quality-{models.generator_digest(run)[:16]}-{run.classifier_file.stem[-16:]}.json"
    return run.generator_folder / name


def read_assessment(path: Path) -> Assessment:
    """What ``assess`` wrote."""
    held = json.loads(path.read_text())
    qualities = {
        name: Quality(**{**each, "class_shares": tuple(each["class_shares"])})
        for name, each in held["qualities"].items()
    }
    use = CodeUse(**held["code_use"]) if held["code_use"] else None
    return Assessment(**{**held, "qualities": qualities, "code_use": use})


def _assess(run: Run, judge: Classifier) -> Assessment:
    data, model = models.dataset(run.data), models.generator(run)
    count = min(SAMPLES, len(data.train), len(data.test))
    known, new = (
        images[_rng(run, name).permutation(len(images))[:count]]
        for name, images in (("known", data.train.images), ("new", data.test.images))
    )
    qualities = {}
    for source in sources(run, model, data, count):
        write_samples(run.generator_folder / f"{source.name.replace(' ', '-')}.png", source.images)
        qualities[source.name] = measure_quality(
            judge, samples=source.images, train=known, held_out=new, rng=_rng(run, "independent")
        )
    chances = judge.probabilities(data.test.images)
    return Assessment(
        accuracy=float((chances.argmax(axis=1) == data.test.labels).mean()),
        calibration_error=calibration_error(chances, data.test.labels),
        images=count,
        qualities=qualities,
        code_use=code_use(run, model, data) if models.prior_file(run) else None,
    )


def sources(run: Run, model: Generator, data: DataSet, count: int) -> Iterator[Source]:
    """Samples of the generator's priors, the poorest last; then what they are held against."""
    for name, space in spaces(run, model):
        points = space.sample(_rng(run, name), count)
        yield Source(name, model.decode(points, run.responder.batch_size))
    yield Source(
        "independent pixels", independent_pixels(data.train.images, count, _rng(run, "pixels"))
    )
    rows = _rng(run, "known").permutation(len(data.train))[:count]
    yield Source("copies of training images", data.train.images[rows])


def spaces(run: Run, model: Generator) -> Iterator[tuple[str, Space]]:
    """The ways to draw a latent of this generator, by name, the best one first."""
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
    """How well an autoencoder's codes serve: on training images which are used, on test images the rest."""
    assert isinstance(model.latent, CodeLatent)
    points = model.encode(data.test.images, run.responder.batch_size)
    made = model.decode(points, run.responder.batch_size).astype(np.float32)
    real = data.test.images.astype(np.float32)
    used = np.bincount(models.natural_points(run).ravel(), minlength=model.latent.codes)
    share = used[used > 0] / used.sum()
    nats = {kind: models.code_prior(run, kind) for kind in ("factorised", "autoregressive")}
    told = {f"{kind}_nats": prior.nats_per_code(points) for kind, prior in nats.items() if prior}
    return CodeUse(
        reconstruction_error=float(np.square(made - real).mean() / real.var()),
        unused=int((used == 0).sum()),
        perplexity=float(np.exp(-(share * np.log(share)).sum())),
        codes=model.latent.codes,
        uniform_nats=math.log(model.latent.codes),
        **told,
    )


class QualityCurve:
    """Follows a generator's training: a line, a picture, and with a classifier a Fréchet distance an epoch.

    In ``generator/`` of the run folder: ``epoch-0001.png``, ... and ``curve.csv``, where a resumed training
    goes on.
    """

    def __init__(self, run: Run) -> None:
        self._job = run
        self._test = models.dataset(run.data).test.images[:CURVE_SAMPLES]

    def __call__(self, record: EpochRecord, model: Generator) -> None:
        """Note one epoch."""
        log.info(f"generator epoch {record.epoch}: {record}")
        images = self._samples(model)
        write_samples(self._job.generator_folder / f"epoch-{record.epoch:04d}.png", images)
        row = {name: f"{value:.6g}" for name, value in vars(record).items()}
        if self._job.classifier is not None:
            judge = models.classifier_at(self._job.classifier_file)
            apart = frechet_distance(judge.features(self._test), judge.features(images))
            row["frechet"] = f"{apart:.6g}"
            log.info(f"generator epoch {record.epoch}: Frechet distance {apart:.3f}")
        self._append(row)

    def _samples(self, model: Generator) -> Images:
        """Images of the prior, or of an autoencoder what it makes of test images."""
        if model.encodes:
            return model.decode(model.encode(self._test))
        points = GaussianSpace(model.latent.size, None).sample(
            _rng(self._job, "curve"), len(self._test)
        )
        return model.decode(points)

    def _append(self, row: dict[str, str]) -> None:
        path = self._job.generator_folder / "curve.csv"
        before = []
        if path.exists():
            with path.open(newline="") as file:
                # what a killed run wrote of this epoch and later ones, or another generator, is written anew
                before = [
                    old for old in csv.DictReader(file) if int(old["epoch"]) < int(row["epoch"])
                ]
        rows = [old for old in before if old.keys() == row.keys()]
        text = "\r\n".join([",".join(row), *(",".join(each.values()) for each in [*rows, row]), ""])
        write_atomically(path, text.encode())


def write_samples(path: Path, images: Images) -> None:
    """A picture (PNG) of the first 100 images (n, c, h, w), ten in a row."""
    count = min(len(images), GRID * GRID)
    rows = -(-count // GRID)
    channels, height, width = images.shape[1:]
    shown = np.zeros((rows * GRID, channels, height, width), np.uint8)
    shown[:count] = images[:count]
    tiles = shown.reshape(rows, GRID, channels, height, width).transpose(0, 3, 1, 4, 2)
    pixels = tiles.reshape(rows * height, GRID * width, channels)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(path, format="PNG")


def _rng(run: Run, name: str) -> np.random.Generator:
    return np.random.default_rng(seed_of(run.seed, "quality", name))
