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
    train, test = (_counts(split, len(data.classes)) for split in (data.train, data.test))
    if len(set(train)) == len(set(test)) == 1:
        return f"{head}; of each class {train[0]:,} and {test[0]:,}"
    if len(data.classes) > _LISTED:
        return f"{head}; of each class {min(train):,} to {max(train):,} and {min(test):,} to {max(test):,}"
    counts = zip(data.classes, train, test, strict=True)
    return f"{head}; {', '.join(f'{name} ({one:,}, {two:,})' for name, one, two in counts)}"


def _counts(split: Split, classes: int) -> list[int]:
    counts: list[int] = np.bincount(split.labels, minlength=classes).tolist()
    return counts
