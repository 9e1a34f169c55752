"""The choice of natural images of which every neuron's single responses are kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn import selectivity

SMALLEST_CLASS = 4
"""Fewest images of a class: two in each half."""


def choose_images(
    labels: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Choose ``count`` of the images with ``labels`` (n,), as evenly over classes and halves as there are images.

    Returns their indices (k,), ascending, and whether each is of the first half (``selectivity.halves``).
    The choice depends on the labels alone: networks of any seed are shown the same images.
    """
    first = selectivity.halves(labels)
    rng = np.random.default_rng(0)
    cells = [
        rng.permutation(np.flatnonzero((labels == label) & (first == half)))
        for label in np.unique(labels)
        for half in (True, False)
    ]
    # round after round one image of every cell that has any left
    rounds = np.concatenate([np.arange(len(cell)) for cell in cells])
    order = np.argsort(rounds, kind="stable")
    images = np.sort(np.concatenate(cells)[order][:count])
    return images, first[images]
