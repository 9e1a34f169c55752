"""Trains a VQ-VAE; stops and goes on at any epoch with the same file at the end."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from snn.checkpoint import load_checkpoint, load_state, save_checkpoint, save_state
from snn.generators.codebook import CodebookAverage
from snn.generators.codes import flatten_maps, to_pixels
from snn.generators.spec import GeneratorSpec
from snn.generators.vqvae import build_vqvae

_COMMITMENT = 0.25
# codes revived later than this part of the training would have no time to settle
_REVIVAL_PART = 0.75
# images that are all alike would have any error divided by nothing
_MINIMUM_VARIANCE = 1e-4
_STATE_SUFFIX = ".training-state.pt"


@dataclasses.dataclass(frozen=True)
class EpochRecord:
    """How one pass through the images went."""

    epoch: int
    """1, 2, ..."""
    perplexity: float
    """exp(entropy) of the codes used, 1..codes."""
    error: float
    """Mean squared error of the reconstruction / variance of the pixels: 0 is perfect."""


class _Step(NamedTuple):
    loss: Tensor
    error: float
    usage: Tensor


def train_generator(
    spec: GeneratorSpec,
    images: npt.NDArray[np.uint8],
    *,
    path: Path,
    seed: int,
    study: str,
    should_stop: Callable[[], bool] | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
) -> None:
    """Train on ``images`` (n, c, h, w), 0..255, and write the generator to ``path``.

    Same arguments, same bytes, killed or not: a training state beside ``path`` keeps the last whole
    epoch and goes when the file is there. A file that these arguments made is left as it is.
    ``study`` is a digest kept in the file. ValueError for images that do not fit; InterruptedError when
    ``should_stop()`` was true (asked every step); FloatingPointError when the training diverges.
    """
    _check_images(images)
    training = _Training(spec, images, seed)
    identity = {**training.identity, "study": study}
    state_path = path.with_name(path.name + _STATE_SUFFIX)
    if not _is_made(path, identity):
        training.resume(state_path)
        while training.epoch < spec.epochs:
            record = training.run_epoch(should_stop or (lambda: False))
            save_state(state_path, training.state_dict())
            if on_epoch is not None:
                on_epoch(record)
        save_checkpoint(path, training.network.state_dict(), {**identity, **training.describe()})
    state_path.unlink(missing_ok=True)


def _check_images(images: npt.NDArray[np.uint8]) -> None:
    square = images.ndim == 4 and images.shape[2] == images.shape[3]
    if images.dtype != np.uint8 or not square or not len(images):
        raise ValueError(
            f"images are {images.dtype} {images.shape}: a generator learns from uint8 images of "
            "shape (n, channels, size, size), at least one."
        )


def _is_made(path: Path, identity: dict[str, str]) -> bool:
    """Whether ``path`` is whole and was made by the same arguments."""
    try:
        _, metadata = load_checkpoint(path)
    except (FileNotFoundError, ValueError):
        return False
    return identity.items() <= metadata.items()


class _Training:
    """All that changes while a generator learns."""

    def __init__(self, spec: GeneratorSpec, images: npt.NDArray[np.uint8], seed: int) -> None:
        self.spec, self.images, self.seed = spec, images, seed
        shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
        self.identity = _identify(spec, images, seed)
        self.variance = max(_pixel_variance(images), _MINIMUM_VARIANCE)
        self.history: list[EpochRecord] = []
        generator = torch.Generator().manual_seed(seed)
        self.network = build_vqvae(spec, shape, generator)
        self.average = CodebookAverage(self.network.codebook)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=spec.lr)

    @property
    def epoch(self) -> int:
        return len(self.history)

    def run_epoch(self, should_stop: Callable[[], bool]) -> EpochRecord:
        """One pass; order and revival depend on seed and epoch alone, so a pass can be repeated."""
        rng = np.random.default_rng([self.seed, self.epoch])
        order = rng.permutation(len(self.images))
        if self.epoch == 0:
            self._start_codebook(order)
        usage, error = torch.zeros(self.spec.codes, dtype=torch.float64), 0.0
        for start in range(0, len(order), self.spec.batch_size):
            if should_stop():
                raise InterruptedError(f"Training the generator stopped in epoch {self.epoch + 1}.")
            rows = order[start : start + self.spec.batch_size]
            step = self._step(rows, self._progress(start), rng)
            usage += step.usage
            error += step.error * len(rows)
        record = EpochRecord(self.epoch + 1, _perplexity(usage), error / len(order))
        self._check_finite(record)
        self.history.append(record)
        return record

    def describe(self) -> dict[str, str]:
        """How it went and what it ran on, for the file's header."""
        versions = {"numpy": np.__version__, "torch": torch.__version__}
        history = [dataclasses.asdict(record) for record in self.history]
        return {"history": json.dumps(history), "versions": json.dumps(versions)}

    def state_dict(self) -> dict[str, Any]:
        return {
            "identity": self.identity,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": [dataclasses.asdict(record) for record in self.history],
        }

    def resume(self, path: Path) -> None:
        """Go on from a state that the same arguments left; any other is as good as none."""
        try:
            state = load_state(path)
        except (FileNotFoundError, ValueError):
            return
        if state.get("identity") != self.identity:
            return
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history = [EpochRecord(**record) for record in state["history"]]

    def _progress(self, start: int) -> float:
        """Part of the training that is done: 0..1."""
        return (self.epoch + start / len(self.images)) / self.spec.epochs

    def _batch(self, rows: npt.NDArray[np.int64]) -> Tensor:
        return to_pixels(torch.from_numpy(self.images[rows]))

    def _start_codebook(self, order: npt.NDArray[np.int64]) -> None:
        # a stream that no epoch uses
        rng = np.random.default_rng([self.seed, self.spec.epochs])
        with torch.no_grad():
            vectors = flatten_maps(self.network.encoder(self._batch(order[: self.spec.batch_size])))
            self.average.start(vectors, rng)

    def _step(
        self, rows: npt.NDArray[np.int64], progress: float, rng: np.random.Generator
    ) -> _Step:
        for group in self.optimizer.param_groups:
            group["lr"] = self.spec.lr * (1 + math.cos(math.pi * progress)) / 2
        vectors, codes, step = self._forward(self._batch(rows))
        self.optimizer.zero_grad()
        step.loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            self.average.update(vectors, codes, rng if progress < _REVIVAL_PART else None)
        return step

    def _forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, _Step]:
        """Vectors of the encoder, their codes, and loss = error / variance + commitment."""
        network = self.network
        maps = network.encoder(pixels)
        vectors = flatten_maps(maps)
        codes = network.nearest(vectors.detach())
        entries = network.codebook[codes].view(maps.permute(0, 2, 3, 1).shape).permute(0, 3, 1, 2)
        # straight-through: the decoder sees the entries, the encoder gets their gradient
        decoded = network.decoder(maps + (entries - maps).detach())
        error = functional.mse_loss(decoded, pixels) / self.variance
        loss = error + _COMMITMENT * functional.mse_loss(maps, entries)
        usage = torch.bincount(codes, minlength=self.spec.codes).float()
        return vectors.detach(), codes, _Step(loss, float(error.detach()), usage)

    def _check_finite(self, record: EpochRecord) -> None:
        if not math.isfinite(record.error):
            raise FloatingPointError(
                f"Training the generator diverged in epoch {record.epoch} with generator.lr = "
                f"{self.spec.lr}: choose a smaller one."
            )


def _identify(spec: GeneratorSpec, images: npt.NDArray[np.uint8], seed: int) -> dict[str, str]:
    """Write what was asked for as strings: no times, no paths."""
    fields = {key: value for key, value in dataclasses.asdict(spec).items() if key != "checkpoint"}
    return {
        "generator": json.dumps(fields),
        "image_shape": json.dumps(images.shape[1:]),
        "images_sha256": hashlib.sha256(np.ascontiguousarray(images).data).hexdigest(),
        "seed": str(seed),
    }


def _pixel_variance(images: npt.NDArray[np.uint8]) -> float:
    """Variance of the pixels on the scale [0, 1], from a histogram: no copy in floats."""
    parts = np.array_split(images, 1 + len(images) // 1000)
    counts = sum(np.bincount(part.ravel(), minlength=256) for part in parts)
    share = counts / images.size
    levels = np.arange(256) / 255
    return float(share @ (levels - share @ levels) ** 2)


def _perplexity(usage: Tensor) -> float:
    share = usage / usage.sum()
    return float(torch.exp(-torch.xlogy(share, share).sum()))
