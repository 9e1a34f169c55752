"""Learning of a VQ-VAE: reconstruction and commitment, the codebook by running means (van den Oord et al. 2017)."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.generators.base import to_pixels
from spikeatlas.snn.generators.codes import CodeGenerator, flatten_maps
from spikeatlas.snn.generators.learner import GeneratorLearner
from spikeatlas.snn.generators.vqvae.autoencoder import build_vqvae
from spikeatlas.snn.generators.vqvae.codebook import CodebookAverage
from spikeatlas.snn.generators.vqvae.vqvae_fields import VQVAEFields

_COMMITMENT = 0.25
# codes revived later than this part of the training would have no time to settle
_REVIVAL_PART = 0.75
# images that are all alike would have any error divided by nothing
_MINIMUM_VARIANCE = 1e-4


@dataclasses.dataclass(frozen=True)
class VQVAERecord:
    """One pass through the images."""

    epoch: int
    """1, 2, ..."""
    perplexity: float
    """exp(entropy) of the codes used, 1..codes."""
    error: float
    """Mean squared error of the reconstruction / variance of the pixels: 0 is perfect."""

    def __str__(self) -> str:
        """The record in a line."""
        return f"reconstruction error {self.error:.3f} of the variance, perplexity {self.perplexity:.1f}"


class _Step(NamedTuple):
    loss: Tensor
    error: float
    usage: Tensor


class VQVAELearner(GeneratorLearner[VQVAERecord]):
    """An autoencoder that learns: its codebook by running means, its networks by Adam."""

    def __init__(self, spec: VQVAEFields, images: npt.NDArray[np.uint8], seed: int) -> None:
        super().__init__(VQVAERecord, spec.epochs)
        self.spec, self.images, self.seed = spec, images, seed
        shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
        self.variance = max(_pixel_variance(images), _MINIMUM_VARIANCE)
        generator = torch.Generator().manual_seed(seed)
        self.network = build_vqvae(spec, shape, generator)
        self.average = CodebookAverage(self.network.codebook)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=spec.lr)

    def run_epoch(self, should_stop: Callable[[], bool]) -> VQVAERecord:
        """Take one pass; order and revival depend on seed and epoch alone, so a pass can be repeated."""
        rng = np.random.default_rng([self.seed, self.epoch])
        order = rng.permutation(len(self.images))
        if self.epoch == 0:
            self._start_codebook(order)
        usage, error = torch.zeros(self.spec.codes, dtype=torch.float64), 0.0
        starts = range(0, len(order), self.spec.batch_size)
        for start in self.interruptible(starts, should_stop):
            rows = order[start : start + self.spec.batch_size]
            step = self._step(rows, self._progress(start), rng)
            usage += step.usage
            error += step.error * len(rows)
        return VQVAERecord(self.epoch + 1, _perplexity(usage), error / len(order))

    def generator(self) -> CodeGenerator:
        """Return what has been learnt so far."""
        return copy.deepcopy(self.network).eval().requires_grad_(requires_grad=False)

    def tensors(self) -> dict[str, Tensor]:
        """Return encoder, codebook and decoder."""
        return self.network.state_dict()

    def training_state(self) -> dict[str, Any]:
        """Return the network, the codebook's running means, and the optimiser."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load_training_state(self, state: dict[str, Any]) -> None:
        """Go on from what training_state gave."""
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _progress(self, start: int) -> float:
        """Return the part of the training that is done: 0..1."""
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

    def check(self, record: VQVAERecord) -> None:
        """Raise FloatingPointError where the error is no longer finite."""
        if not math.isfinite(record.error):
            raise FloatingPointError(
                f"Training the generator diverged in epoch {record.epoch} with generator.lr = "
                f"{self.spec.lr} (what was learnt before stays beside it): choose a smaller one."
            )


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
