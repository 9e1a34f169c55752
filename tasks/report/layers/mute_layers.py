"""Layers that tell nothing: no probed neuron answers a test image, or each answers all of them alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import (
    Layout,
    epoch_row,
    layout_of,
    open_store,
    path_of,
    study_of,
    values,
)
from spikeatlas.tasks.study.location import Place

_RELATIVE = 1e-6
"""Relative difference below which a mean of equal float32 responses is taken for one of them."""


LOUDER = "lower network.threshold, or raise network.beta or network.time_steps"
QUIETER = "raise network.threshold, or lower network.beta"
NORMALISE = "is network.normalise what the network was trained with?"
"""Remedies: for a network of ours that is silent, for one that answers everything alike, and for a user's."""


def mute_sentences(atlas: Place, epochs: Iterable[float] | None = None) -> list[str]:
    """Name the layers in which no probed neuron answers any test image, and those in which each answers all alike.

    Of the observed ones of ``epochs``; of all epochs if None. Empty: there are none.
    """
    root = open_store(atlas)
    layout = layout_of(root)
    states = list(layout.epochs if epochs is None else epochs)
    # one epoch is read by itself, while others may still be written
    at = slice(None) if epochs is None else [epoch_row(root, epoch) for epoch in states]
    silent: dict[str, list[float]] = {}
    constant: dict[str, list[float]] = {}
    for layer in layout.layers:
        tops = values(root, path_of("natural_top_response", layer), at)[..., 0]
        means = values(root, path_of("natural_response", layer), at)
        for epoch, top, mean in zip(states, tops, means, strict=True):
            if _is_silent(layout, layer, top):
                silent.setdefault(layer, []).append(epoch)
            elif _is_constant(top, mean):
                constant.setdefault(layer, []).append(epoch)
    trainable = study_of(root).get("network", {}).get("kind", "chain") in ("chain", "resnet")
    remedies = (LOUDER, QUIETER) if trainable else (NORMALISE, NORMALISE)
    return [
        *_sentence(silent, "no probed neuron answers any test image", remedies[0]),
        *_sentence(constant, "each probed neuron answers all test images alike", remedies[1]),
    ]


def _is_silent(layout: Layout, layer: str, top: NDArray[Any]) -> bool:
    return layout.unit(layer).zero_is_silence and bool((top == 0).all())


def _is_constant(top: NDArray[Any], means: NDArray[Any]) -> bool:
    """Tell whether the best response (neurons,) is that to all images: the mean (neurons, classes) of every class."""
    there = np.isfinite(means)
    alike = np.isclose(means, top[:, None], rtol=_RELATIVE, atol=0) | ~there
    return bool(np.isfinite(top).all() and alike.all())


def _sentence(layers: Mapping[str, list[float]], what: str, remedy: str) -> list[str]:
    if not layers:
        return []
    by_epochs: dict[tuple[float, ...], list[str]] = {}
    for layer, epochs in layers.items():
        by_epochs.setdefault(tuple(epochs), []).append(layer)
    named = "; ".join(f"{', '.join(names)} ({_epochs(at)})" for at, names in by_epochs.items())
    return [f"{named}: {what}; {remedy}"]


def _epochs(epochs: tuple[float, ...]) -> str:
    word = "epoch" if len(epochs) == 1 else "epochs"
    return f"{word} {', '.join(f'{epoch:g}' for epoch in epochs)}"
