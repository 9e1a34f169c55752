"""Sparseness: whether few values carry the response. Over images: lifetime; over neurons: population."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.selectivity.tuning import Floats, Responses


def treves_rolls(responses: Responses, axis: int) -> Floats:
    """Treves-Rolls sparseness of non-negative responses (images, neurons) along ``axis``.

    (1 - mean(r)^2 / mean(r^2)) / (1 - 1/n), without a unit, in 0 (all n values alike: the floor, that
    of a neuron that tells nothing apart) to 1 (one value is not zero). ``axis=0`` of (images,
    neurons): lifetime sparseness (neurons,); ``axis=1``: population sparseness (images,). NaN where
    all are zero, where any is negative, or where there is one value. It needs no labels; responses that vary without regard
    to classes are sparse too.
    Source: Rolls & Tovee 1995 (J Neurophysiol 73), normalised as in Vinje & Gallant 2000 (Science 287).
    """
    n = responses.shape[axis]
    if n < 2:
        return np.full(responses.shape[1 - axis], np.nan)
    return (1 - _evenness(responses, axis)) / (1 - 1 / n)


def hoyer(responses: Responses, axis: int) -> Floats:
    """Hoyer's sparseness of non-negative responses (images, neurons) along ``axis``.

    (sqrt(n) - l1 / l2) / (sqrt(n) - 1) with the two norms, without a unit, in 0 (all alike: the
    floor) to 1 (one is not zero); axes and NaN as in ``treves_rolls``. Less steep near 1 than that.
    Source: Hoyer 2004 (JMLR 5, section 3.1).
    """
    n = responses.shape[axis]
    if n < 2:
        return np.full(responses.shape[1 - axis], np.nan)
    # sqrt(n) * sqrt(evenness) is l1 / l2
    return (1 - np.sqrt(_evenness(responses, axis))) * np.sqrt(n) / (np.sqrt(n) - 1)


def _evenness(responses: Responses, axis: int) -> Floats:
    """Squared mean / mean square, in 1/n..1; NaN where all are zero, or any is negative."""
    values = responses.astype(np.float64)
    mean, power = values.mean(axis=axis), np.square(values).mean(axis=axis)
    evenness = np.full(mean.shape, np.nan)
    np.divide(
        np.square(mean), power, out=evenness, where=(power > 0) & (values >= 0).all(axis=axis)
    )
    # rounding may put equal values beyond 1
    return np.minimum(evenness, 1)
