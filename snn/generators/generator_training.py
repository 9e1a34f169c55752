"""Trains a generator; stops and goes on at any epoch with the same file at the end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from spikeatlas.snn.generators.base import Generator, Images
from spikeatlas.snn.generators.learner import GeneratorLearner
from spikeatlas.snn.generators.spec import LEAST_IMAGES, GeneratorSpec
from spikeatlas.snn.training.resumable import EpochLearner, train_file


class EpochRecord(Protocol):
    """One pass through the images."""

    @property
    def epoch(self) -> int:
        """1, 2, ..."""

    def __str__(self) -> str:
        """Return the record in a line."""


OnEpoch = Callable[[Any, Generator], None]
"""Called with an epoch's record and the generator so far."""


def train_generator(
    spec: GeneratorSpec,
    images: Images,
    *,
    path: Path,
    seed: int,
    study: str,
    should_stop: Callable[[], bool] | None = None,
    on_epoch: OnEpoch | None = None,
) -> None:
    """Train on ``images`` (n, c, h, w), 0..255, and write the generator to ``path``.

    Same arguments, same bytes, killed or not: a training state beside ``path`` keeps the last whole
    epoch and goes when the file is there. A file that these arguments made is left as it is.
    ``study`` is a digest kept in the file. ValueError for images that do not fit; InterruptedError when
    ``should_stop()`` was true (asked every step); FloatingPointError when the training diverges: the
    last good epoch then stays beside ``path``.
    """
    _check_images(images)
    identity = {**_identify(spec, images, seed), "study": study}

    def follow(record: Any, learner: EpochLearner[Any]) -> None:
        if on_epoch is not None:
            on_epoch(record, cast("GeneratorLearner[Any]", learner).generator())

    begin = lambda: spec.begin(images, seed)
    train_file(path, identity, begin, should_stop=should_stop, on_epoch=follow)


def _check_images(images: Images) -> None:
    square = images.ndim == 4 and images.shape[2] == images.shape[3]
    if images.dtype != np.uint8 or not square or len(images) < LEAST_IMAGES:
        raise ValueError(
            f"images are {images.dtype} {images.shape}: a generator learns from uint8 images of "
            f"shape (n, channels, size, size), at least {LEAST_IMAGES} of them."
        )


def _identify(spec: GeneratorSpec, images: Images, seed: int) -> dict[str, str]:
    """Write what was asked for as strings: no times, no paths."""
    fields = dataclasses.asdict(cast("Any", spec))
    return {
        "generator": json.dumps({name: fields[name] for name in fields if name != "checkpoint"}),
        "image_shape": json.dumps(images.shape[1:]),
        "images_sha256": hashlib.sha256(np.ascontiguousarray(images).data).hexdigest(),
        "seed": str(seed),
    }
