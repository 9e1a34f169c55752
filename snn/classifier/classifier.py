"""A classifier without spikes that judges images: what they show, how surely, and how alike they are.

It is trained on the real images alone, apart from any generator and from the network under study, so
that neither can have learnt to please it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import scipy
import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from scipy.special import softmax
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.classifier.calibration import fit_temperature
from spikeatlas.snn.files import (
    is_made,
    load_checkpoint,
    save_checkpoint,
    save_state,
    state_left_by,
)
from spikeatlas.snn.networks.layer import SteadyLinear

Shape = tuple[int, int, int]
Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

SMALLEST = 8
"""Fewer pixels an edge leave nothing to halve."""

_AtLeastOne = Annotated[int, Field(ge=1)]
_STATE_SUFFIX = ".training-state.pt"
# one image in so many is kept from training, to measure on
_HELD_OUT = 12
_BATCH = 64
_MOMENTUM, _DECAY = 0.9, 5e-4
# the part of the training in which the rate rises
_WARM_PART = 0.2
# images that the statistics of the finished network are taken from
_SETTLING_IMAGES = 5000
# each stage has twice the channels of the one before, on half the size if that one's is larger
_STAGES, _SMALLEST_MAP = 4, 4


@dataclass(frozen=True, config=ConfigDict(extra="forbid", use_attribute_docstrings=True))
class ClassifierSpec:
    """A small convolutional network and how it is trained."""

    width: _AtLeastOne = 16
    """Channels of the first maps (>= 1); an image has eight times as many features."""
    epochs: _AtLeastOne = 14
    """Passes through the training images (>= 1)."""
    batch_size: Annotated[int, Field(ge=2)] = 128
    """Images a training step, at most (>= 2)."""
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1
    """Largest learning rate of the gradient descent with momentum (> 0): it rises, then falls to zero."""
    flip: bool = False
    """Whether to mirror images at random: for things that look alike both ways, not for figures."""
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    """Of convolutions while training: ``bfloat16`` is faster where the processor knows it."""


@dataclasses.dataclass(frozen=True)
class ClassifierRecord:
    """How one pass through the images went."""

    epoch: int
    """1, 2, ..."""
    loss: float
    """Mean cross-entropy while training, in nats."""
    accuracy: float
    """Share of training images that were recognised, 0..1."""

    def __str__(self) -> str:
        """The record in a line."""
        return f"loss {self.loss:.3f}, {self.accuracy:.1%} recognised"


class Network(nn.Module):
    """Pixels (n, c, size, size) in [0, 1] to class scores (n, classes)."""

    def __init__(self, channels: int, classes: int, width: int) -> None:
        super().__init__()
        widths = [width * 2**stage for stage in range(_STAGES)]
        pairs = itertools.pairwise([channels, *widths])
        self.stages = nn.ModuleList(_Convolution(before, after) for before, after in pairs)
        self.last = _Convolution(widths[-1], widths[-1])
        self.scores = SteadyLinear(widths[-1], classes)

    def features(self, pixels: Tensor) -> Tensor:
        """Features (n, 8 width), >= 0: means of the last maps."""
        maps = self.stages[0](pixels)
        for stage in self.stages[1:]:
            maps = stage(_halve(maps))
        maps = maps + self.last(maps)
        means: Tensor = maps.mean(dim=(2, 3))
        return means

    def forward(self, pixels: Tensor) -> Tensor:
        """Scores before calibration (n, classes)."""
        scores: Tensor = self.scores(self.features(pixels))
        return scores


class _Convolution(nn.Module):
    """A 3x3 convolution, normalised and rectified; the size stays."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, maps: Tensor) -> Tensor:
        return functional.relu(self.norm(self.convolution(maps)))


def _halve(maps: Tensor) -> Tensor:
    return functional.max_pool2d(maps, 2) if maps.shape[-1] > _SMALLEST_MAP else maps


class Classifier:
    """A trained classifier. A row of what it returns does not depend on the other images."""

    def __init__(
        self, network: Network, image_shape: Shape, classes: tuple[str, ...], temperature: float
    ) -> None:
        self.image_shape = image_shape
        """(c, h, w) of the images it takes."""
        self.classes = classes
        """Names of the classes."""
        self.temperature = temperature
        """What scores are divided by before they become probabilities."""
        self._network = network.eval().requires_grad_(requires_grad=False)

    def features(self, images: Images, batch_size: int = _BATCH) -> npt.NDArray[np.float32]:
        """Features (n, f), >= 0, of uint8 images (n, c, h, w): the last layer's inputs.

        ValueError for images of another shape or type.
        """
        width = self._network.scores.in_features
        return self._run(self._network.features, images, width, batch_size)

    def probabilities(self, images: Images, batch_size: int = _BATCH) -> npt.NDArray[np.float32]:
        """Calibrated class probabilities (n, classes) of uint8 images (n, c, h, w).

        ValueError for images of another shape or type.
        """
        scores = self.scores(images, batch_size).astype(np.float64)
        chances: npt.NDArray[np.float64] = softmax(scores / self.temperature, axis=1)
        return chances.astype(np.float32)

    def scores(self, images: Images, batch_size: int = _BATCH) -> npt.NDArray[np.float32]:
        """Class scores (n, classes) before calibration; images and errors as in probabilities."""
        return self._run(self._network, images, len(self.classes), batch_size)

    @torch.inference_mode()
    def _run(
        self, measure: Callable[[Tensor], Tensor], images: Images, width: int, batch_size: int
    ) -> npt.NDArray[np.float32]:
        if images.dtype != np.uint8 or images.shape[1:] != self.image_shape:
            raise ValueError(
                f"images are {images.dtype} {images.shape}: this classifier takes uint8 images of "
                f"shape (n, {', '.join(map(str, self.image_shape))})."
            )
        measured = np.empty((len(images), width), np.float32)
        for place, (batch, count) in enumerate(padded_batches(images, batch_size)):
            start = place * batch_size
            measured[start : start + count] = measure(_pixels(batch))[:count].numpy()
        return measured


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
    _check_data(images, labels, classes)
    identity = {**_identify(spec, images, labels, classes, seed), "study": study}
    state_path = path.with_name(path.name + _STATE_SUFFIX)
    if not is_made(path, identity):
        kept, held_out = _split(labels, seed)
        training = _Training(spec, images[kept], labels[kept], len(classes), seed)
        state = state_left_by(state_path, identity)
        if state is not None:
            training.load_state_dict(state["training"], state["history"])
        while training.epoch < spec.epochs:
            record = training.run_epoch(should_stop or (lambda: False))
            save_state(state_path, _state(training, identity))
            if on_epoch is not None:
                on_epoch(record)
        network = training.finish()
        fitted = _calibrate(network, images[held_out], labels[held_out], classes)
        described = {**identity, **fitted, **_describe(training)}
        save_checkpoint(path, network.state_dict(), described)
    state_path.unlink(missing_ok=True)


def load_classifier(path: Path) -> Classifier:
    """Load what train_classifier wrote.

    FileNotFoundError where there is no file; ValueError for a damaged one or one of another kind.
    """
    tensors, metadata = load_checkpoint(path)
    try:
        channels, height, width = json.loads(metadata["image_shape"])
        classes = tuple(json.loads(metadata["classes"]))
        spec = ClassifierSpec(**json.loads(metadata["classifier"]))
        temperature = float(metadata["temperature"])
        network = _allocate(channels, len(classes), spec.width)
        network.load_state_dict(tensors)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise ValueError(
            f"{path} holds no classifier ({error}): give a file that train_classifier wrote."
        ) from None
    return Classifier(network, (channels, height, width), classes, temperature)


def calibration_error(probabilities: Floats, labels: Labels, bins: int = 15) -> float:
    """How far confidence is from accuracy: 0 is calibrated, 1 is always sure and wrong.

    ``probabilities`` (n, classes), ``labels`` (n,). Images are sorted into ``bins`` of equal width by the
    probability of their most probable class; the differences between its mean and the share of right
    ones are averaged over images. ValueError where the two do not fit. Source: Guo et al. 2017 (arXiv
    1706.04599, equation 3).
    """
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not len(labels):
        raise ValueError(
            f"probabilities {probabilities.shape} and labels {labels.shape} do not fit: give "
            "(n, classes) and (n,), for one image or more."
        )
    if bins < 1:
        raise ValueError(f"bins is {bins}: it must be at least 1.")
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    # a bin contains its upper end
    places = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(np.int64)
    apart = np.bincount(places, weights=confidence - right, minlength=bins)
    return float(np.abs(apart).sum() / len(labels))


class _Training:
    """All that changes while the classifier learns."""

    def __init__(
        self, spec: ClassifierSpec, images: Images, labels: Labels, classes: int, seed: int
    ) -> None:
        self.spec, self.images, self.seed = spec, images, seed
        self.labels = torch.from_numpy(labels.astype(np.int64))
        self.history: list[ClassifierRecord] = []
        self.network = _allocate(int(images.shape[1]), classes, spec.width)
        _draw_weights(self.network, torch.Generator().manual_seed(seed))
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=spec.lr, momentum=_MOMENTUM, nesterov=True, weight_decay=_DECAY,
        )  # fmt: skip

    @property
    def epoch(self) -> int:
        return len(self.history)

    def run_epoch(self, should_stop: Callable[[], bool]) -> ClassifierRecord:
        """One pass; its random choices depend on seed and epoch alone, so a pass can be repeated."""
        rng = np.random.default_rng([self.seed, self.epoch])
        batches = self._batches(rng.permutation(len(self.images)))
        loss, right = 0.0, 0
        for place, rows in enumerate(batches):
            if should_stop():
                raise InterruptedError(
                    f"Training the classifier stopped in epoch {self.epoch + 1}."
                )
            self._set_rate((self.epoch + (place + 0.5) / len(batches)) / self.spec.epochs)
            mean, hits = self._step(rows, rng)
            loss, right = loss + mean * len(rows), right + hits
        count = len(self.images)
        record = ClassifierRecord(self.epoch + 1, loss / count, right / count)
        self._check_finite(record)
        self.history.append(record)
        return record

    @torch.no_grad()
    def finish(self) -> Network:
        """The network as it will judge: normalised by statistics of its last weights alone.

        Running means of a short training would still remember weights of long ago.
        """
        norms = [each for each in self.network.modules() if isinstance(each, nn.BatchNorm2d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        self.network.train()
        # a stream that no epoch uses; images may lie sorted by class
        order = np.random.default_rng([self.seed, self.spec.epochs]).permutation(len(self.images))
        for rows in self._batches(order[:_SETTLING_IMAGES]):
            self.network(_pixels(self.images[rows]))
        return self.network.eval()

    def state_dict(self) -> dict[str, Any]:
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any], history: list[dict[str, Any]]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history = [ClassifierRecord(**record) for record in history]

    def _batches(self, order: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
        """Cut evenly: statistics of a small rest would be poor."""
        return np.array_split(order, math.ceil(len(order) / self.spec.batch_size))

    def _set_rate(self, progress: float) -> None:
        """Up along a line, down along a half cosine (Smith & Topin 2018)."""
        fallen = max(progress - _WARM_PART, 0) / (1 - _WARM_PART)
        part = min(progress / _WARM_PART, (1 + math.cos(math.pi * fallen)) / 2)
        for group in self.optimizer.param_groups:
            group["lr"] = self.spec.lr * part

    def _step(self, rows: npt.NDArray[np.int64], rng: np.random.Generator) -> tuple[float, int]:
        """One step; its mean loss and how many images were recognised."""
        pixels, labels = _pixels(self.images[rows]), self.labels[rows]
        if self.spec.flip and rng.random() < 0.5:
            pixels = pixels.flip(3).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.spec.precision == "bfloat16"):
            scores = self.network(pixels).float()
        loss = functional.cross_entropy(scores, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach()), int((scores.argmax(dim=1) == labels).sum())

    def _check_finite(self, record: ClassifierRecord) -> None:
        if not math.isfinite(record.loss):
            raise FloatingPointError(
                f"Training the classifier diverged in epoch {record.epoch} with lr = {self.spec.lr}: choose "
                "a smaller one."
            )


def _allocate(channels: int, classes: int, width: int) -> Network:
    """Make a network with undefined weights; torch's global generator is not touched."""
    with torch.device("meta"):
        network = Network(channels, classes, width)
    return network.to_empty(device="cpu").to(memory_format=torch.channels_last)


def _draw_weights(network: Network, random: torch.Generator) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=random)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
    nn.init.zeros_(network.scores.bias)
    nn.init.xavier_uniform_(network.scores.weight, generator=random)


def _pixels(images: Images) -> Tensor:
    """Float32 in [0, 1]; channels last, which convolutions take faster."""
    pixels = torch.from_numpy(np.array(images)).float() / 255
    return pixels.contiguous(memory_format=torch.channels_last)


def _split(labels: Labels, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Ascending rows to train on and rows kept from it, a twelfth of each class, rounded up."""
    # a stream that no epoch uses
    rng = np.random.default_rng([seed, 0, _HELD_OUT])
    held_out = np.sort(np.concatenate(list(_drawn(labels, rng))))
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


def _drawn(labels: Labels, rng: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    """Rows kept from training, class by class; a class of one image is trained on."""
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        yield rows[: min(math.ceil(len(rows) / _HELD_OUT), len(rows) - 1)]


def _calibrate(
    network: Network, images: Images, labels: Labels, classes: tuple[str, ...]
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


def _check_data(images: Images, labels: Labels, classes: tuple[str, ...]) -> None:
    square = images.ndim == 4 and images.shape[2] == images.shape[3] >= SMALLEST
    if images.dtype != np.uint8 or not square:
        raise ValueError(
            f"images are {images.dtype} {images.shape}: a classifier learns from uint8 images of shape "
            f"(n, channels, size, size) with a size of at least {SMALLEST}."
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels are {labels.dtype} {labels.shape} for {len(images)} images: give one whole number "
            "an image."
        )
    if len(classes) < 2:
        raise ValueError(f"classes are {len(classes)}: name at least two.")
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
        raise ValueError(
            f"labels run from {labels.min()} to {labels.max()}: with {len(classes)} classes they must "
            f"lie in 0..{len(classes) - 1}."
        )
    if np.bincount(labels, minlength=2).max() < 3:
        raise ValueError(
            f"labels name no class three times in {len(labels)} images: give more, since a part is kept "
            "from training to measure on."
        )


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


def _state(training: _Training, identity: dict[str, str]) -> dict[str, Any]:
    history = [dataclasses.asdict(record) for record in training.history]
    return {"identity": identity, "history": history, "training": training.state_dict()}


def _describe(training: _Training) -> dict[str, str]:
    """How it went and what it ran on, for the file's header."""
    versions = {"numpy": np.__version__, "scipy": scipy.__version__, "torch": torch.__version__}
    history = [dataclasses.asdict(record) for record in training.history]
    return {"history": json.dumps(history), "versions": json.dumps(versions)}
