"""The life of an atlas's neurons, counted; and what cutting the silent ones does to the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import encode
from spikeatlas.snn.life import DEAD, DORMANT, LIVE, UNDRIVEN, VERDICTS
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.subjects import TrainedSource
from spikeatlas.snn.surgery import keep_units
from spikeatlas.tasks.atlas import Tree, open_tree
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.study.location import Place
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

SILENT_ONES = (DORMANT, DEAD, UNDRIVEN)
"""Verdicts on neurons that no natural image drives."""
NOISE = (0.0, 0.2, 0.5)
"""Standard deviations, in shares of the grey scale, of the noise on the images that cut networks read."""


def life_counts(atlas: Place) -> pd.DataFrame:
    """Count the neurons of each verdict, by epoch and layer. ValueError where no neuron was judged."""
    with open_tree(atlas) as tree:
        judged, layers = _verdicts(tree)
    rows = [
        {"epoch": epoch, "layer": layer, "neurons": int((layers == layer).sum())}
        | {
            name: int((verdict[layers == layer] == number).sum())
            for number, name in enumerate(VERDICTS)
            if number
        }
        for epoch, verdict in judged.items()
        for layer in dict.fromkeys(layers.tolist())
        if verdict[layers == layer].any()
    ]
    return pd.DataFrame(rows)


def _verdicts(tree: Tree) -> tuple[dict[float, NDArray[np.uint8]], NDArray[np.object_]]:
    """Return the verdicts (neurons,) of every judged epoch, and the neurons' layers."""
    if "life" not in tree or not (tree.progress.lived.to_numpy() == 1).any():
        raise ValueError(
            "no neuron of this atlas was judged: set analysis.life to true in a study, and run it anew."
        )
    table = tree["life"]
    epochs = tree.progress["epoch"].to_numpy()[tree.progress.lived.to_numpy() == 1]
    verdicts = {
        float(epoch): table.verdict.sel(epoch=epoch).to_numpy().astype(np.uint8) for epoch in epochs
    }
    return verdicts, table["layer"].to_numpy()


def cut_effects(atlas: Place) -> pd.DataFrame:
    """Return the test accuracy without dormant, dead, undriven and live neurons, by epoch: as many of each in each layer.

    They are drawn at random (``equal_numbers``). Test images drive none but the live ones, so that without silent ones the
    accuracy on clean images is the same by definition, and without dead ones on all images: what dormant and undriven
    ones are good for can show under Gaussian noise alone. ValueError where no neuron was judged.
    """
    run = run_of_atlas(atlas)
    with open_tree(atlas) as tree:
        judged, layers = _verdicts(tree)
        indices = tree["life"]["neuron_index"].to_numpy()
    frames = [_effects(run, epoch, verdict, layers, indices) for epoch, verdict in judged.items()]
    return pd.DataFrame([row for rows in frames for row in rows])


def _effects(
    run: Run,
    epoch: float,
    verdict: NDArray[np.uint8],
    layers: NDArray[np.object_],
    indices: NDArray[np.int64],
) -> list[dict[str, float | str | int]]:
    states, numbers = equal_numbers(verdict, layers)
    draws = np.random.default_rng([run.seed, round(epoch * 1000)])
    units: dict[str, dict[str, list[int]]] = {"none": {}}
    for state in states:
        places = {
            layer: draws.permutation(np.flatnonzero((verdict == state) & (layers == layer)))[:count]
            for layer, count in numbers.items()
        }
        units[VERDICTS[state]] = {name: indices[rows].tolist() for name, rows in places.items()}
    rows: list[dict[str, float | str | int]] = []
    for name, gone in units.items():
        total = sum(map(len, gone.values()))
        accuracies = accuracies_without(run, epoch, gone)
        rows.append({"epoch": epoch, "cut": name, "units": total, **accuracies})
    return rows


def equal_numbers(
    verdict: NDArray[np.uint8], layers: NDArray[np.object_]
) -> tuple[list[int], dict[str, int]]:
    """Return which verdicts can be compared, live included, and of how many neurons of each layer: as many as the fewest.

    Those of undriven, then of dead neurons are left out where no layer has neurons of all.
    """
    present = [state for state in SILENT_ONES if (verdict == state).any()]
    for count in range(len(present), 0, -1):
        states = [*present[:count], LIVE]
        numbers = {
            str(layer): min(int(((verdict == state) & (layers == layer)).sum()) for state in states)
            for layer in dict.fromkeys(layers.tolist())
        }
        numbers = {layer: number for layer, number in numbers.items() if number}
        if numbers:
            return states, numbers
    return [], {}


@torch.no_grad()
def accuracies_without(
    run: Run, epoch: float, units: Mapping[str, Sequence[int]]
) -> dict[str, float]:
    """Return the accuracy of test images under each of ``NOISE``, some units of each layer cut out of an epoch's network."""
    source = models.plain_source(run)
    assert isinstance(source, TrainedSource)
    network = source.network(epoch)
    assert isinstance(network, SpikingNetwork)
    for name, gone in units.items():
        layer = network.upto([name])[-1]
        numbers = range(layer.size) if layer.units is None else layer.units.tolist()
        rest = [place for place, unit in enumerate(numbers) if unit not in set(gone)]
        keep_units(network, {name: rest})
    test = models.dataset(run.data).test
    key = models.coding_key(run, source.digest(epoch), "life")
    accuracies = {}
    for deviation in NOISE:
        noise = np.random.default_rng(run.seed).normal(0, 255 * deviation, test.images.shape)
        images = np.clip(np.rint(test.images + noise), 0, 255).astype(np.uint8)
        parts = [
            network.scores(network(encode(network, batch, key)))[:count].argmax(1).numpy()
            for batch, count in padded_batches(images, 256)
        ]
        label = f"noise {deviation:g}" if deviation else "clean"
        accuracies[label] = float((np.concatenate(parts) == test.labels).mean())
    return accuracies
