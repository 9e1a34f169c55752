"""The best known image of each neuron, where it beats the best that the search found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeatlas.tasks.atlas import BLANKS, SOURCES, Tree
from spikeatlas.tasks.report.atlas_words import level
from spikeatlas.tasks.report.averages import Array

BEATEN_BY = dict(
    zip(
        SOURCES,
        (
            "the search itself",
            "the MEI of epoch {epoch}",
            "neuron {neuron}'s MEI of epoch {epoch}",
            "a test image",
            "a screening image",
            "a blank image ({blank})",
        ),
        strict=True,
    )
)
"""The origin of an image in words, by its name in the atlas."""


@dataclass(frozen=True, eq=False)
class BestKnown:
    """Images that drive a layer's N neurons at E epochs more than the best found by the search, as far as any does."""

    compared: Array
    """(E, N) true where it was looked for."""
    source: Array
    """(E, N) place among ``SOURCES``; -1: none."""
    response: Array
    """(E, N) response to it; NaN: none."""
    epoch: Array
    """(E, N) row of the epoch of an MEI; -1: it is none."""
    neuron: Array
    """(E, N) whose MEI it is; -1: it is none."""
    image: Array
    """(E, N) index among the test, screening or blank images; -1: it is none of these."""

    @property
    def elsewhere(self) -> Array:
        """(E, N) true where an image from elsewhere beats the search."""
        return self.source >= 0

    def words(self, epochs: Array, row: int, place: int) -> str:
        """Say what beats the search's image of one neuron and epoch; empty where nothing does."""
        source = self.source[row, place]
        if source < 0:
            return ""
        origin = BEATEN_BY[SOURCES[source]].format(
            epoch=f"{epochs[self.epoch[row, place]]:g}",
            neuron=self.neuron[row, place],
            blank=BLANKS[self.image[row, place] % len(BLANKS)],
        )
        return f"beaten by {origin}: {level(self.response[row, place])}"


def read_best_known(tree: Tree, layer: str) -> BestKnown:
    """Read what an atlas says of a layer, of the epochs at which it was looked for."""
    best = tree[f"best/{layer}"]
    names = best.best_known_source.values
    compared = (tree.progress.known.values == 1)[:, None] & (names != "")
    elsewhere = compared & (names != SOURCES[0])
    epochs = best.best_known_epoch.values
    row = np.searchsorted(best.epoch.values, np.nan_to_num(epochs))
    return BestKnown(
        compared,
        np.where(elsewhere, np.vectorize((*SOURCES, "").index)(names), -1),
        np.where(elsewhere, best.best_known.values, np.nan),
        np.where(elsewhere & np.isfinite(epochs), row, -1),
        np.where(elsewhere, best.best_known_neuron.values, -1),
        np.where(elsewhere, best.best_known_image.values, -1),
    )
