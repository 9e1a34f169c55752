"""The speed at which a generator with a codebook decodes: ours against one image at a time by a one-hot product.

The plain way is MANGO's (arXiv 2401.10748): a loop in Python over the images, each one's codes made
one-hot and multiplied with the whole codebook. Both run the same decoder with the same weights, without
gradients, and take turns in every round on the time of this thread alone.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from spikeatlas.snn.generators import CodeGenerator, load_generator
from spikeatlas.snn.generators.base import Images
from spikeatlas.snn.generators.latent import Points
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.workers.process import one_thread

SIZES = (25, 256, 1024)
"""Images of one call; 25 is a batch of MANGO's."""


def time_decoding(generator: Path, rounds: int = 3) -> Iterator[str]:
    """Yield a line for each number of images; StudyError for a generator without a codebook of ours."""
    one_thread()
    model = load_generator(generator)
    if not isinstance(model, CodeGenerator):
        message = f"{generator} has no codebook, so there is no one-hot product to be faster than; give a VQ-VAE"
        raise StudyError([message])
    for images in SIZES:
        speed = time_decode(model, images=images, rounds=rounds, seed=0)
        yield (
            f"{images} images: one at a time {speed.plain:,.0f} a second, ours {speed.batched:,.0f}, "
            f"{speed.ratio:.1f} times as fast (one thread, median of {rounds} rounds)"
        )


@dataclasses.dataclass(frozen=True)
class DecodeSpeed:
    """Medians over rounds."""

    images: int
    """Decoded in one call."""
    plain: float
    """Images a second, one at a time."""
    batched: float
    """Images a second, all in one call."""
    ratio: float
    """Of the two, round by round."""


@torch.inference_mode()
def decode_plainly(generator: CodeGenerator, points: Points) -> Images:
    """Return stimuli (n, c, h, w), 0..255, of codes (n, positions): the slow reference of ``decode``."""
    grid = math.isqrt(generator.positions)
    decoded = []
    for row in torch.from_numpy(points.astype(np.int64)):
        hot = functional.one_hot(row, len(generator.codebook)).float()
        maps = (hot @ generator.codebook).view(1, grid, grid, -1).permute(0, 3, 1, 2).contiguous()
        decoded.append(generator.decoder(maps)[0])
    pixels = torch.stack(decoded).clamp(0, 1).mul(255).round()
    return pixels.to(torch.uint8).numpy()


def time_decode(generator: CodeGenerator, *, images: int, rounds: int, seed: int) -> DecodeSpeed:
    """Time both ways on the same random codes; ``rounds`` >= 1 after one to warm up."""
    shape = (images, generator.positions)
    points = np.random.default_rng(seed).integers(len(generator.codebook), size=shape)
    ways = (lambda: decode_plainly(generator, points), lambda: generator.decode(points))
    for way in ways:
        way()
    times = np.array([[_seconds(way) for way in ways] for _ in range(rounds)])
    plain, batched = (images / statistics.median(column) for column in times.T.tolist())
    return DecodeSpeed(
        images, plain, batched, statistics.median((times[:, 0] / times[:, 1]).tolist())
    )


def _seconds(call: Callable[[], object]) -> float:
    began = time.thread_time()
    call()
    return time.thread_time() - began
