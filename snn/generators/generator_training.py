"""Trains a generator; stops and goes on at any epoch with the same file at the end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.files import is_made, save_checkpoint, save_state, state_left_by
from spikeatlas.snn.generators.base import Generator, Images
from spikeatlas.snn.generators.sngan_training import GANTraining
from spikeatlas.snn.generators.spec import SNGANSpec, VQVAESpec
from spikeatlas.snn.generators.vqvae_training import VQVAETraining

_STATE_SUFFIX = ".training-state.pt"
LEAST_IMAGES = 2
"""Fewer teach nothing: of one image a codebook or a critic learns that image."""


class EpochRecord(Protocol):
    """How one pass through the images went."""

    @property
    def epoch(self) -> int:
        """1, 2, ..."""

    def __str__(self) -> str:
        """The record in a line."""


class Training(Protocol):
    """All that changes while a generator learns."""

    @property
    def history(self) -> list[Any]:
        """The records of the epochs that are done."""

    def run_epoch(self, should_stop: Callable[[], bool]) -> EpochRecord:
        """One pass; its random choices depend on seed and epoch alone, so a pass can be repeated."""

    def generator(self) -> Generator:
        """What has been learnt so far, ready to decode; training it further does not change it."""

    def tensors(self) -> dict[str, Tensor]:
        """What the file keeps."""

    def state_dict(self) -> dict[str, Any]:
        """Everything but the arguments and the history."""

    def load_state_dict(self, state: dict[str, Any], history: list[dict[str, Any]]) -> None:
        """Go on from what state_dict gave after so many epochs."""


OnEpoch = Callable[[EpochRecord, Generator], None]


def train_generator(
    spec: VQVAESpec | SNGANSpec,
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
    state_path = path.with_name(path.name + _STATE_SUFFIX)
    if not is_made(path, identity):
        training = _begin(spec, images, seed)
        state = state_left_by(state_path, identity)
        if state is not None:
            training.load_state_dict(state["training"], state["history"])
        while len(training.history) < spec.epochs:
            record = training.run_epoch(should_stop or (lambda: False))
            save_state(state_path, _state(training, identity))
            if on_epoch is not None:
                on_epoch(record, training.generator())
        save_checkpoint(path, training.tensors(), {**identity, **_describe(training)})
    state_path.unlink(missing_ok=True)


def _begin(spec: VQVAESpec | SNGANSpec, images: Images, seed: int) -> Training:
    if isinstance(spec, SNGANSpec):
        return GANTraining(spec, images, seed)
    return VQVAETraining(spec, images, seed)


def _check_images(images: Images) -> None:
    square = images.ndim == 4 and images.shape[2] == images.shape[3]
    if images.dtype != np.uint8 or not square or len(images) < LEAST_IMAGES:
        raise ValueError(
            f"images are {images.dtype} {images.shape}: a generator learns from uint8 images of "
            f"shape (n, channels, size, size), at least {LEAST_IMAGES} of them."
        )


def _identify(spec: VQVAESpec | SNGANSpec, images: Images, seed: int) -> dict[str, str]:
    """Write what was asked for as strings: no times, no paths."""
    fields = {key: value for key, value in dataclasses.asdict(spec).items() if key != "checkpoint"}
    return {
        "generator": json.dumps(fields),
        "image_shape": json.dumps(images.shape[1:]),
        "images_sha256": hashlib.sha256(np.ascontiguousarray(images).data).hexdigest(),
        "seed": str(seed),
    }


def _state(training: Training, identity: dict[str, str]) -> dict[str, Any]:
    history = [dataclasses.asdict(record) for record in training.history]
    return {"identity": identity, "history": history, "training": training.state_dict()}


def _describe(training: Training) -> dict[str, str]:
    """How it went and what it ran on, for the file's header."""
    versions = {"numpy": np.__version__, "torch": torch.__version__}
    history = [dataclasses.asdict(record) for record in training.history]
    return {"history": json.dumps(history), "versions": json.dumps(versions)}
