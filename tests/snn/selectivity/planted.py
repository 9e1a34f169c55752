"""Neurons whose selectivity is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.selectivity import halves

CLASSES = 10
LABELS = np.arange(1000) % CLASSES
FIRST = halves(LABELS)
SILENT, FLAT, ONE_CLASS, SATURATED = range(4)

Singles = npt.NDArray[np.float32]


def plain_neurons() -> Singles:
    """Four neurons (1000, 4): silent, flat, one that answers to class 3 alone, saturated."""
    columns = [np.zeros(1000), np.full(1000, 0.3), 0.1 * (LABELS == 3), np.ones(1000)]
    return np.stack(columns, axis=1).astype(np.float32)


def gaussian_neurons(distance: float, neurons: int = 400, seed: int = 0) -> Singles:
    """Normal responses, with a mean that is higher for class 3 by ``distance`` deviations."""
    noise = np.random.default_rng(seed).normal(size=(1000, neurons))
    return (0.5 + 0.05 * (noise + distance * (LABELS == 3)[:, None])).astype(np.float32)


def sparse_noise(images: int, neurons: int, seed: int = 0) -> dict[str, Singles]:
    """Responses that know no class, from even to very skewed."""
    rng = np.random.default_rng(seed)
    shape = (images, neurons)
    found = {
        "even": rng.random(shape),
        "counts": rng.poisson(0.5, shape) / 16,
        "rare counts": rng.poisson(0.05, shape) / 16,
        "thresholded": np.maximum(rng.normal(size=shape) - 1, 0) / 8,
        "skewed": np.minimum(np.exp(2 * rng.normal(size=shape)) / 200, 1),
    }
    return {name: values.astype(np.float32) for name, values in found.items()}
