"""Small networks and images for tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.data import DataSet, Split
from spikeatlas.snn.networks import NetworkSite, NetworkSpec, SpikingNetwork


def network(
    shape: tuple[int, int, int] = (1, 8, 8), seed: int = 0, **fields: Any
) -> SpikingNetwork:
    spec = NetworkSpec(**{"channels": (4, 6), "hidden": (8,), "time_steps": 8, **fields})
    blank = shape[0]
    return spec.build(NetworkSite(shape, 10, [0.3] * blank, [0.3] * blank, seed))


def noise_images(
    count: int, shape: tuple[int, int, int] = (1, 8, 8), seed: int = 0
) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def toy_data(images: int = 40) -> DataSet:
    """Two easy classes: bright above or bright below."""
    labels = np.arange(images) % 2
    pictures = noise_images(images) // 4
    pictures[labels == 0, :, :4] += 150
    pictures[labels == 1, :, 4:] += 150
    split = Split(pictures, labels.astype(np.int64))
    return DataSet(split, Split(pictures[:20].copy(), split.labels[:20].copy()), ("up", "down"))
