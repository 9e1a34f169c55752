"""Prints how fast a generator decodes, beside MANGO's way with the same weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spikeatlas.flows.benchmark.decoding_speed import time_decode
from spikeatlas.snn.generators import CodeGenerator, load_generator
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.workers.process import one_thread

SIZES = (25, 256, 1024)
"""Images of one call; 25 is a batch of MANGO's."""


def generator_benchmark(path: Path, rounds: int) -> Iterator[str]:
    """A line for each number of images; StudyError for a generator without a codebook of ours."""
    one_thread()
    model = load_generator(path)
    if not isinstance(model, CodeGenerator):
        message = f"{path} has no codebook, so there is no one-hot product to be faster than; give a VQ-VAE"
        raise StudyError([message])
    for images in SIZES:
        found = time_decode(model, images=images, rounds=rounds, seed=0)
        yield (
            f"{images} images: one at a time {found.plain:,.0f} a second, ours {found.ours:,.0f}, "
            f"{found.ratio:.1f} times as fast (one thread, median of {rounds} rounds)"
        )
