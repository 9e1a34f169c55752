"""Responses of neurons to stimuli that are shown for other numbers of time steps than the network's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import Tree, read
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

Arrays = dict[str, NDArray[Any]]

HAS_MEI = ("done", "saturated")
"""States of a search that has an image."""


def at_lengths(
    run: Run, epoch: float, tree: Tree, best: Mapping[str, Arrays] | None = None
) -> Arrays:
    """Return the variables of ``/lengths`` and ``/length_categories`` of an epoch, where the study asks for them.

    ``best``: the best search of each layer's neurons (``best_rows``); None where nothing is searched.
    """
    parts: dict[str, list[NDArray[Any]]] = {}
    for length in run.analysis.lengths:
        for layer in run.layers:
            answers = _natural(run, epoch, tree, layer, length)
            if best is not None:
                answers["lengths", "length_response"] = _of_meis(
                    run, epoch, layer, best[layer], length
                )
            for (group, name), values in answers.items():
                parts.setdefault(f"{group}/{layer}/{name}", []).append(values)
    return {path: np.stack(values, axis=1) for path, values in parts.items()}


def _natural(
    run: Run, epoch: float, tree: Tree, layer: str, length: int
) -> dict[tuple[str, str], NDArray[Any]]:
    """Return a layer's responses to test images: of each class (neurons, classes), and to each neuron's best (neurons,)."""
    data = models.dataset(run.data)
    images = read.natural_images(run.atlas)
    top = tree[f"natural_top/{layer}"].sel(epoch=epoch).natural_top.isel(rank=0).values
    respond = models.responder(run, epoch, "observe", {layer: run.layers[layer]}, length=length)
    responses = respond(data.test.images[images])[layer].astype(np.float64)
    labels = data.test.labels[images]
    means = [responses[labels == number].mean(axis=0) for number in range(len(data.classes))]
    of_best = respond(data.test.images[top])[layer]
    return {
        ("length_categories", "length_category_response"): np.stack(means, axis=1).astype(
            np.float32
        ),
        ("lengths", "length_natural_response"): np.diagonal(of_best).astype(np.float32),
    }


def _of_meis(run: Run, epoch: float, layer: str, best: Arrays, length: int) -> NDArray[np.float32]:
    """Return the response (neurons,) of each of a layer's neurons to its MEI; NaN where there is none."""
    there = np.flatnonzero(np.isin(best["status"], HAS_MEI))
    answers = np.full(len(best["status"]), np.nan, np.float32)
    if there.size:
        respond = models.responder(run, epoch, "report", {layer: run.layers[layer]}, length=length)
        responses = respond(best["mei"][there])[layer]
        answers[there] = responses[np.arange(len(there)), there]
    return answers
