"""The images that a data set has, counted in words."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.data.dataset import DataSet, Split

_LISTED = 12
"""Classes that are named; of more, the smallest and the largest."""


def count_words(data: DataSet) -> str:
    """Say how many images each split has, of what shape, and how many of each class (training and test)."""
    channels, height, width = data.shape
    frames = f"{data.frames} frames of " if data.frames else ""
    what = "sequences" if data.frames else "images"
    head = f"{len(data.train):,} training and {len(data.test):,} test {what}, {frames}{channels}x{height}x{width}"
    counts = [_counts(split, len(data.classes)) for split in (data.train, data.test)]
    if len(data.classes) > _LISTED:
        train, test = (f"{part.min():,} to {part.max():,}" for part in counts)
        return f"{head}; {len(data.classes)} classes, of {train} and {test} each"
    pairs = zip(data.classes, *counts, strict=True)
    return f"{head}; {', '.join(f'{name} {train:,} and {test:,}' for name, train, test in pairs)}"


def _counts(split: Split, classes: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.bincount(split.labels, minlength=classes)
