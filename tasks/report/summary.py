"""An atlas as the report shows it, read once: plain arrays, best over searches and repeats.

Only what is committed counts: searches by their ``status``, per-epoch stages by the marks of ``/progress``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeatlas.tasks.atlas import (
    FLAGS,
    PENDING,
    Layout,
    Tree,
    layout_of,
    open_store,
    open_tree,
    study_of,
)
from spikeatlas.tasks.report.averages import Array
from spikeatlas.tasks.report.layers import LayerSummary, mute_sentences, read_searched, read_tuned
from spikeatlas.tasks.report.natural_images import TestImages, test_images
from spikeatlas.tasks.report.pictures import picture_shape, side, strip_side, strip_width
from spikeatlas.tasks.study.location import Place

PROGRESS = ("accuracy", "loss", "step", "images_seen")


@dataclass(frozen=True, eq=False)
class Summary:
    """A whole atlas as the report sees it."""

    name: str
    """File name of the store."""
    layout: Layout
    sign: int
    """Of what stands for a neuron, 1: the most exciting images, -1: the least exciting ones; 1 where nothing was
    searched."""
    study: Mapping[str, Any]
    attributes: Mapping[str, Any]
    provenance: Mapping[str, Any]
    progress: Mapping[str, Array]
    """``accuracy``, ``loss``, ``step`` and ``images_seen`` of the E epochs."""
    flags: Mapping[str, Array]
    """(E,) of each stage: true where it is committed."""
    layers: tuple[LayerSummary, ...]
    test: TestImages
    """The test images that the atlas names by their indices."""
    mute: tuple[str, ...]
    """Sentences that name layers which tell nothing."""

    @property
    def epochs(self) -> Array:
        """(E,) probed epochs, ascending."""
        return np.array(self.layout.epochs)

    @property
    def data_name(self) -> str:
        """Name of the data set that the network learnt."""
        return str(self.study.get("data", {}).get("dataset", "images"))

    @property
    def searched(self) -> bool:
        """False where the study asked for no searches: there are no MEIs, but tuning and test images."""
        return bool(self.layout.methods)

    @property
    def idle(self) -> tuple[str, ...]:
        """Sections of the study that nothing was done with."""
        return () if self.searched else ("generator", "search")

    @property
    def picture(self) -> tuple[int, int, int]:
        """(channels, height, width) of a picture: a stimulus, its bars, or the film strip of a sequence."""
        channels, height, width = picture_shape(self.layout.image)
        frames = self.layout.frames
        return channels, height, strip_width(width, frames) if frames else width

    @property
    def side(self) -> int:
        """Width of a picture on screen, in pixels."""
        width, frames = picture_shape(self.layout.image)[2], self.layout.frames
        return strip_side(width, frames) if frames else side(width)

    @property
    def reached(self) -> int | None:
        """Row of the last epoch in which a search has ended or failed; without searches, ``observed``."""
        if not self.searched:
            return self.observed
        rows = [np.flatnonzero((layer.status != PENDING).any(axis=1)) for layer in self.layers]
        return _last(np.concatenate(rows))

    @property
    def analysed(self) -> int | None:
        """Row of the last epoch that is analysed."""
        return _last(np.flatnonzero(self.flags["analysed"]))

    @property
    def observed(self) -> int | None:
        """Row of the last epoch whose responses to test images are known."""
        return _last(np.flatnonzero(self.flags["observed"]))


def _last(rows: Array) -> int | None:
    return int(rows.max()) if rows.size else None


def read_summary(atlas: Place) -> Summary:
    """Read all that the report shows.

    Raises FileNotFoundError when there is no atlas, AtlasError when it is damaged or newer than we are.
    """
    store = open_store(atlas)
    layout, study = layout_of(store), study_of(store)
    sign = -1 if study.get("search", {}).get("sign") == -1 else 1
    with open_tree(atlas) as tree:
        progress, provenance = tree.progress, _by_name(tree["provenance"].attrs)
        flags = {name: progress[name].values == 1 for name in FLAGS}
        return Summary(
            name=atlas.name,
            layout=layout,
            sign=sign,
            study=study,
            attributes=_by_name(tree.attrs),
            provenance=provenance,
            progress={name: progress[name].values for name in PROGRESS},
            flags=flags,
            layers=tuple(_read_layer(tree, name, layout, flags) for name in layout.layers),
            test=test_images(tree, study.get("data", {}), provenance.get("data_digest")),
            mute=tuple(mute_sentences(atlas)),
        )


def _by_name(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in attributes.items()}


def _read_layer(tree: Tree, name: str, layout: Layout, flags: Mapping[str, Array]) -> LayerSummary:
    if layout.methods:
        return read_searched(tree, name, layout, flags)
    return read_tuned(tree, name, layout, flags)
