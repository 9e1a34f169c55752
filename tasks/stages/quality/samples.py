"""Samples of a generator: pictures of them, and their quality over its training."""

from __future__ import annotations

import csv
import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spikeatlas.optim import GaussianSpace
from spikeatlas.snn.atomic import write_atomically
from spikeatlas.snn.generators import EpochRecord, Generator
from spikeatlas.snn.generators.evaluation import frechet_distance
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

log = logging.getLogger("spikeatlas")

CURVE_SAMPLES = 2000
"""Images by which a generator is judged at every epoch of its training, where there are as many."""

GRID = 10
"""Images in a row and in a column of a picture of samples."""

Images = NDArray[np.uint8]


class QualityCurve:
    """The course of a generator's training: a line, a picture, and with a classifier a Fréchet distance an epoch.

    In ``generator/`` of the run folder: ``epoch-0001.png``, ... and ``curve.csv``, where a resumed training
    goes on.
    """

    def __init__(self, run: Run) -> None:
        """Follow the training of the run's generator."""
        self._run = run
        self._test = models.dataset(run.data).test.images[:CURVE_SAMPLES]

    def __call__(self, record: EpochRecord, model: Generator) -> None:
        """Note one epoch."""
        log.info(f"generator epoch {record.epoch}: {record}")
        images = self._samples(model)
        write_samples(self._run.generator_folder / f"epoch-{record.epoch:04d}.png", images)
        row = {name: f"{value:.6g}" for name, value in vars(record).items()}
        if self._run.classifier is not None:
            judge = models.classifier_at(self._run.classifier_file)
            distance = frechet_distance(judge.features(self._test), judge.features(images))
            row["frechet"] = f"{distance:.6g}"
            log.info(f"generator epoch {record.epoch}: Frechet distance {distance:.3f}")
        self._append(row)

    def _samples(self, model: Generator) -> Images:
        """Return images of the prior, or of an autoencoder its reconstructions of test images."""
        if model.encodes:
            return model.decode(model.encode(self._test))
        space = GaussianSpace(model.latent.size, None)
        points = space.sample(quality_rng(self._run, "curve"), len(self._test))
        return model.decode(points)

    def _append(self, row: dict[str, str]) -> None:
        path = self._run.generator_folder / "curve.csv"
        before = []
        if path.exists():
            with path.open(newline="") as file:
                # rows of this epoch and later ones, of a killed run or another generator, are written anew
                before = [
                    old for old in csv.DictReader(file) if int(old["epoch"]) < int(row["epoch"])
                ]
        rows = [old for old in before if old.keys() == row.keys()]
        lines = [",".join(row), *(",".join(cells.values()) for cells in [*rows, row]), ""]
        write_atomically(path, "\r\n".join(lines).encode())


def write_samples(path: Path, images: Images) -> None:
    """Write a picture (PNG) of the first 100 images (n, c, h, w), ten in a row."""
    count = min(len(images), GRID * GRID)
    rows = -(-count // GRID)
    channels, height, width = images.shape[1:]
    tiles = np.zeros((rows * GRID, channels, height, width), np.uint8)
    tiles[:count] = images[:count]
    tiles = tiles.reshape(rows, GRID, channels, height, width).transpose(0, 3, 1, 4, 2)
    pixels = tiles.reshape(rows * height, GRID * width, channels)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(path, format="PNG")


def quality_rng(run: Run, name: str) -> np.random.Generator:
    """Return the generator of the random numbers of one kind of samples."""
    return np.random.default_rng(seed_of(run.seed, "quality", name))
