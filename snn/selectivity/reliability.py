"""Reliability of a class tuning on other images."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.selectivity.tuning import Floats

_ROUNDING = 1e-12


def split_half(half_means: Floats) -> Floats:
    """Reliability (neurons,) of the tuning over all images, from that over either half.

    ``half_means`` (neurons, 2, classes). The Pearson correlation r of the two halves' tuning, over
    classes with images in both, corrected to full length: 2 r / (1 + |r|), in -1..1. 1: the same
    tuning comes back; 0 is the floor, of a neuron whose tuning is chance (above zero in the mean over
    neurons only if tuning repeats). NaN where a half is silent or flat, or below two classes.
    Source: Spearman 1910, Brown 1910; with |r|, so that a negative r stays within -1 (Krus &
    Helmstadter 1993). An odd split is treated as an even one.
    """
    both = ~np.isnan(half_means).any(axis=(0, 1))
    tuning = half_means[:, :, both]
    if tuning.shape[2] < 2:
        return np.full(len(half_means), np.nan)
    centred = tuning - tuning.mean(axis=2, keepdims=True)
    length = np.linalg.norm(centred, axis=2)
    varies = (length > _ROUNDING * np.linalg.norm(tuning, axis=2)).all(axis=1)
    r = np.full(len(half_means), np.nan)
    np.divide((centred[:, 0] * centred[:, 1]).sum(axis=1), length.prod(axis=1), out=r, where=varies)
    r = np.clip(r, -1, 1)
    return 2 * r / (1 + np.abs(r))
