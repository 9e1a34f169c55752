"""Images for the test networks, and what is asked of the subjects that they become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.data import DataSet, Split
from spikeatlas.snn.subjects import Responses, Showing, Subject
from spikeatlas.snn.subjects.module import ModuleSpec
from spikeatlas.snn.subjects.module_source import ModuleSource

KEY = CodingKey(0, "a checkpoint", "test")
SHOWING = Showing(batch_size=8, key=KEY)

SNNTORCH = "tests.networks.snntorch_nets"
SPIKINGJELLY = "tests.networks.spikingjelly_nets"
OTHER = "tests.networks.other_nets"
UNCOMMON = "tests.networks.uncommon_nets"


def picture_data(channels: int = 1, side: int = 8, images: int = 40) -> DataSet:
    """Noise in ten classes."""
    pixels = np.random.default_rng(0).integers(
        0, 256, (images, channels, side, side), dtype=np.uint8
    )
    split = Split(pixels, (np.arange(images) % 10).astype(np.int64))
    return DataSet(split, split, tuple("abcdefghij"))


def module_source(factory: str, *, data: DataSet | None = None, **fields: Any) -> ModuleSource:
    """The source of a factory of the test networks; pixels from 0 to 1."""
    spec = ModuleSpec(**{"factory": factory, "normalise": "none", **fields})
    return spec.source(data or picture_data(), Path("unused"))


def all_responses(
    subject: Subject, images: NDArray[np.uint8], showing: Showing = SHOWING
) -> Responses:
    """Responses of all neurons of all layers."""
    neurons = {name: range(layer.neurons) for name, layer in subject.layers.items()}
    return subject.responses(images, neurons, showing)
