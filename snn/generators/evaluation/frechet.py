"""The Fréchet distance of two sets of features."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.generators.evaluation.features import Features, Floats, check_pair


def frechet_distance(a: Features, b: Features) -> float:
    """Distance of the Gaussians that fit two sets of features, (n, f) and (m, f): >= 0.

    |mean difference|^2 + trace(A + B - 2 (A B)^(1/2)) with covariances A and B, which may be singular.
    It grows as n and m shrink: compare equal counts. ValueError below two rows or for unequal widths.
    Source: Heusel et al. 2017 (arXiv 1706.08500, equation 6), there on Inception's features.
    """
    check_pair("a", a, "b", b, least=2)
    apart = a.mean(axis=0, dtype=np.float64) - b.mean(axis=0, dtype=np.float64)
    root_a, root_b = _root(a), _root(b)
    # the trace of (A B)^(1/2) is the sum of the singular values of the product of their factors,
    # which needs no root of a rounded zero
    shared = np.linalg.svd(root_a.T @ root_b, compute_uv=False).sum()
    total = apart @ apart + np.square(root_a).sum() + np.square(root_b).sum() - 2 * shared
    return max(0.0, float(total))


def _root(features: Features) -> Floats:
    """Factor R (f, f) of the covariance R R^T."""
    covariance = np.atleast_2d(np.cov(features, rowvar=False, dtype=np.float64))
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = vectors * np.sqrt(values.clip(min=0))
    return root
