"""Trains the classifier; stops and goes on at any epoch with the same file at the end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy
import torch
from scipy.special import softmax
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.classifier.calibration import calibration_error, fit_temperature
from spikeatlas.snn.classifier.checks import check_training_data
from spikeatlas.snn.classifier.classifier import Classifier
from spikeatlas.snn.classifier.classifier_network import (
    ClassifierNetwork,
    Images,
    Labels,
    allocate_classifier,
    classifier_pixels,
    draw_classifier_weights,
)
from spikeatlas.snn.classifier.spec import ClassifierSpec
from spikeatlas.snn.training.resumable import EpochLearner, train_file

# one image in so many is kept from training, to measure on
_HELD_OUT = 12
_MOMENTUM, _DECAY = 0.9, 5e-4
# the part of the training in which the rate rises
_WARM_PART = 0.2
# images that the statistics of the finished network are taken from
_SETTLING_IMAGES = 5000


@dataclasses.dataclass(frozen=True)
class ClassifierRecord:
    """One pass through the images."""

    epoch: int
    """1, 2, ..."""
    loss: float
    """Mean cross-entropy while training, in nats."""
    accuracy: float
    """Share of training images that were recognised, 0..1."""

    def __str__(self) -> str:
        """Return the record in a line."""
        return f"loss {self.loss:.3f}, {self.accuracy:.1%} recognised"


def train_classifier(
    spec: ClassifierSpec,
    images: Images,
    labels: Labels,
    classes: tuple[str, ...],
    *,
    path: Path,
    seed: int,
    study: str,
    should_stop: Callable[[], bool] | None = None,
    on_epoch: Callable[[ClassifierRecord], None] | None = None,
) -> None:
    """Train on ``images`` (n, c, h, w), 0..255, with ``labels`` (n,) in 0..classes-1; write ``path``.

    A twelfth of each class is kept from training: the temperature is fitted to it, and accuracy and
    calibration error are measured on it for the file's header. Same arguments, same bytes, killed or not: a
    training state beside ``path`` keeps the last whole epoch and goes when the file is there. A file
    that these arguments made is left as it is. ``study`` is a digest kept in the file. ValueError for
    images or labels that do not fit; InterruptedError when ``should_stop()`` was true (asked every
    step); FloatingPointError when the training diverges.
    """
    check_training_data(images, labels, classes)
    identity = {**_identify(spec, images, labels, classes, seed), "study": study}
    begin = lambda: ClassifierLearner(spec, images, labels, classes, seed)
    follow = None if on_epoch is None else (lambda record, _: on_epoch(record))
    train_file(path, identity, begin, should_stop=should_stop, on_epoch=follow)


class ClassifierLearner(EpochLearner[ClassifierRecord]):
    """The classifier that learns from all images but those that it is measured on."""

    what: ClassVar[str] = "classifier"
    libraries = (np, scipy, torch)

    def __init__(
        self,
        spec: ClassifierSpec,
        images: Images,
        labels: Labels,
        classes: tuple[str, ...],
        seed: int,
    ) -> None:
        super().__init__(ClassifierRecord, spec.epochs)
        taught, held_out = _split(labels, seed)
        self.spec, self.images, self.seed, self.classes = spec, images[taught], seed, classes
        self.labels = torch.from_numpy(labels[taught].astype(np.int64))
        self.held_out = images[held_out], labels[held_out]
        self.network = allocate_classifier(int(images.shape[1]), len(classes), spec.width)
        draw_classifier_weights(self.network, torch.Generator().manual_seed(seed))
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=spec.lr,
            momentum=_MOMENTUM,
            nesterov=True,
            weight_decay=_DECAY,
        )

    def run_epoch(self, should_stop: Callable[[], bool]) -> ClassifierRecord:
        """Take one pass; its random choices depend on seed and epoch alone, so a pass can be repeated."""
        rng = np.random.default_rng([self.seed, self.epoch])
        batches = self._batches(rng.permutation(len(self.images)))
        loss, right = 0.0, 0
        for batch, rows in enumerate(self.interruptible(batches, should_stop)):
            self._set_rate((self.epoch + (batch + 0.5) / len(batches)) / self.spec.epochs)
            mean, hits = self._step(rows, rng)
            loss, right = loss + mean * len(rows), right + hits
        count = len(self.images)
        return ClassifierRecord(self.epoch + 1, loss / count, right / count)

    @torch.no_grad()
    def settle(self) -> ClassifierNetwork:
        """Return the network as it will judge: normalised by statistics of its last weights alone.

        Running means of a short training would still remember weights of long ago.
        """
        norms = [part for part in self.network.modules() if isinstance(part, nn.BatchNorm2d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        self.network.train()
        # a stream that no epoch uses; images may lie sorted by class
        order = np.random.default_rng([self.seed, self.spec.epochs]).permutation(len(self.images))
        for rows in self._batches(order[:_SETTLING_IMAGES]):
            self.network(classifier_pixels(self.images[rows]))
        return self.network.eval()

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights of the network as it will judge."""
        return self.settle().state_dict()

    def describe(self) -> dict[str, str]:
        """Return the temperature fitted to the images held out, what is measured on them, and how it went."""
        network = self.network.eval()
        return {**_calibrate(network, *self.held_out, self.classes), **super().describe()}

    def training_state(self) -> dict[str, Any]:
        """Return the network and the optimiser."""
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_training_state(self, state: dict[str, Any]) -> None:
        """Go on from what training_state gave."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _batches(self, order: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
        """Cut evenly: statistics of a small rest would be poor."""
        return np.array_split(order, math.ceil(len(order) / self.spec.batch_size))

    def _set_rate(self, progress: float) -> None:
        """Set the rate: up along a line, down along a half cosine (Smith & Topin 2018)."""
        fallen = max(progress - _WARM_PART, 0) / (1 - _WARM_PART)
        part = min(progress / _WARM_PART, (1 + math.cos(math.pi * fallen)) / 2)
        for group in self.optimizer.param_groups:
            group["lr"] = self.spec.lr * part

    def _step(self, rows: npt.NDArray[np.int64], rng: np.random.Generator) -> tuple[float, int]:
        """Take one step; return its mean loss and how many images were recognised."""
        pixels, labels = classifier_pixels(self.images[rows]), self.labels[rows]
        if self.spec.flip and rng.random() < 0.5:
            pixels = pixels.flip(3).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.spec.precision == "bfloat16"):
            scores = self.network(pixels).float()
        loss = functional.cross_entropy(scores, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach()), int((scores.argmax(dim=1) == labels).sum())

    def check(self, record: ClassifierRecord) -> None:
        """Raise FloatingPointError where the loss is no longer finite."""
        if not math.isfinite(record.loss):
            raise FloatingPointError(
                f"Training the classifier diverged in epoch {record.epoch} with lr = {self.spec.lr}: choose "
                "a smaller one."
            )


def _split(labels: Labels, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return ascending rows to train on and rows kept from it, a twelfth of each class, rounded up."""
    # a stream that no epoch uses
    rng = np.random.default_rng([seed, 0, _HELD_OUT])
    held_out = np.sort(np.concatenate(list(_held_out_rows(labels, rng))))
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


def _held_out_rows(labels: Labels, rng: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    """Yield rows kept from training, class by class; a class of one image is trained on."""
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        yield rows[: min(math.ceil(len(rows) / _HELD_OUT), len(rows) - 1)]


def _calibrate(
    network: ClassifierNetwork, images: Images, labels: Labels, classes: tuple[str, ...]
) -> dict[str, str]:
    """Fit the temperature to images that were kept from training, and measure on them."""
    shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
    scores = Classifier(network, shape, classes, temperature=1).scores(images).astype(np.float64)
    temperature = fit_temperature(scores, labels)
    measured = {
        "images": len(labels),
        "accuracy": float((scores.argmax(axis=1) == labels).mean()),
        "calibration_error": calibration_error(softmax(scores / temperature, axis=1), labels),
    }
    return {"temperature": repr(temperature), "held_out": json.dumps(measured)}


def _identify(
    spec: ClassifierSpec, images: Images, labels: Labels, classes: tuple[str, ...], seed: int
) -> dict[str, str]:
    """Write what was asked for as strings: no times, no paths."""
    digest = hashlib.sha256(np.ascontiguousarray(images).data)
    digest.update(np.ascontiguousarray(labels, dtype=np.int64).data)
    return {
        "classifier": json.dumps(dataclasses.asdict(spec)),
        "image_shape": json.dumps(images.shape[1:]),
        "classes": json.dumps(classes),
        "images_sha256": digest.hexdigest(),
        "seed": str(seed),
    }
