"""Planted neurons are what they say."""

from __future__ import annotations

import numpy as np

from spikeatlas.flows.benchmark.planted import EPOCHS, KINDS, plant


def test_the_layers_are_what_they_say() -> None:
    planted = plant(4, 0.5, np.random.default_rng(1))
    assert planted.responses.shape == (len(EPOCHS), 1000, 4 * len(KINDS))
    assert ((planted.row >= 0) == np.isin(planted.kind, ("onset", "switch"))).all()
    means = planted.responses.groupby("label").mean("image")
    switch = int(np.flatnonzero(planted.kind == "switch")[0])
    row = planted.row[switch]
    assert means.isel(epoch=row - 1, neuron=switch).argmax("label") == planted.before[switch]
    assert means.isel(epoch=row, neuron=switch).argmax("label") == planted.after[switch]
