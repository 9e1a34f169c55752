"""Measures of the neurons of a layer together."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.selectivity.tuning import Floats, Responses

_ROUNDING = 1e-12


def signal_correlation(class_means: Floats) -> float:
    """Mean Pearson correlation of the class tuning (neurons, classes) of two neurons.

    Over all pairs of neurons whose tuning varies (silent and flat ones have none), -1/(neurons - 1)
    to 1: 1 where all are tuned alike; neurons with independent tuning have 0, the floor. NaN below
    two such neurons or two classes with images. It is free of noise correlation, since responses to
    one image are not compared, but not of sampling: all neurons saw the same images of a class,
    whose oddities move their means together; with few images a class it is too high.
    Source: Averbeck & Lee 2006; the mean over pairs from the length of the sum of unit vectors.
    """
    tuning = class_means[:, ~np.isnan(class_means).all(axis=0)]
    if tuning.shape[1] < 2:
        return float("nan")
    centred = tuning - tuning.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1)
    varies = length > _ROUNDING * np.linalg.norm(tuning, axis=1)
    neurons = np.count_nonzero(varies)
    if neurons < 2:
        return float("nan")
    resultant = (centred[varies] / length[varies, None]).sum(axis=0)
    return float((resultant @ resultant - neurons) / (neurons * (neurons - 1)))


def dimensionality(responses: Responses) -> float:
    """Dimensions that the responses (n, neurons) fill: the participation ratio.

    (sum of eigenvalues)^2 / sum of squared eigenvalues of the neurons' covariance over images, in 1
    (all vary together) to min(n - 1, neurons) (all equally, each on its own). Silent and flat neurons
    add nothing; NaN where none varies. It grows with n while n is small: compare equal n.
    Source: Gao & Ganguli 2015; no eigenvalue is computed: both sums are traces, of whichever of the
    covariance and the Gram matrix is the smaller.
    """
    if not responses.size:
        return float("nan")
    centred = responses.astype(np.float64)
    mean = centred.mean(axis=0)
    centred -= mean
    trace = np.square(centred).sum()
    if trace <= _ROUNDING**2 * len(centred) * np.square(mean).sum():
        return float("nan")
    n, neurons = centred.shape
    gram = centred @ centred.T if n <= neurons else centred.T @ centred
    return float(trace**2 / np.square(gram).sum())
