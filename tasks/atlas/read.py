"""Reading the state of an atlas's work, and what the searches build on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Points
from spikeatlas.tasks.atlas.errors import AtlasError
from spikeatlas.tasks.atlas.groups.arrays import path_of
from spikeatlas.tasks.atlas.groups.of_layers.cross_group import BORROWED, CROSSED
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import FAILED, PENDING, UNPLANNED
from spikeatlas.tasks.atlas.groups.progress_group import (
    ANALYSED,
    EPOCH,
    KNOWN,
    OBSERVED,
    SCREENED,
    TRAINED,
)
from spikeatlas.tasks.atlas.open import epoch_row, layout_of, open_store, study_of, values
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.location import Place


def unfinished(path: Place, blocks: Iterable[Block]) -> list[Block]:
    """The blocks with any search pending or failed: these, and no others, are done (again)."""
    root = open_store(path)

    @cache
    def status(layer: str, epoch: float) -> NDArray[np.uint8]:
        return values(root, path_of("status", layer), epoch_row(root, epoch))

    return [
        block
        for block in blocks
        if np.isin(
            status(block.layer, block.epoch)[block.start : block.stop], (PENDING, FAILED)
        ).any()
    ]


def unplanned(path: Place, blocks: Iterable[Block], repeats: int) -> list[Block]:
    """The blocks whose first ``repeats`` searches an earlier study did not all want."""
    root = open_store(path)

    def lacks(block: Block) -> bool:
        at = (epoch_row(root, block.epoch), slice(block.start, block.stop))
        status = values(root, path_of("status", block.layer), at)
        return bool((status[:, :, :repeats] == UNPLANNED).any())

    return [block for block in blocks if lacks(block)]


def finished(path: Place, epochs: Iterable[float]) -> bool:
    """Return whether all is done of ``epochs``, and a run has written the report of it since."""
    root = open_store(path)
    # without searches, an epoch's last stage is its analysis
    last = KNOWN if layout_of(root).methods else ANALYSED
    return bool(root.attrs.get("reported")) and all(flagged(path, last, epoch) for epoch in epochs)


def flagged(path: Place, mark: str, epoch: float) -> bool:
    """Return whether a per-epoch stage is committed: its mark, by the path of that."""
    root = open_store(path)
    return bool(values(root, mark, epoch_row(root, epoch)))


class Stamp(NamedTuple):
    """A moment in the life of an atlas."""

    text: str
    """Another one after each piece of work that is committed."""
    changed: float
    """Time (s since 1970) of the last piece."""


def stamp(path: Path) -> Stamp:
    """Return the moment that an atlas in a folder is at: what is committed, without a look at any value."""
    marks = [
        *(path / "progress").rglob("*"),
        *path.glob(f"{path_of('status', '*')}/c/**/*"),
        path / "zarr.json",
    ]
    states = [(name, name.stat()) for name in sorted(marks) if name.is_file()]
    text = "\n".join(f"{name} {state.st_mtime_ns} {state.st_size}" for name, state in states)
    changed = max((s.st_mtime for name, s in states if name.name != "zarr.json"), default=0.0)
    return Stamp(hashlib.sha256(text.encode()).hexdigest()[:20], changed)


def screening(path: Place, block: Block, repeat: int) -> tuple[Points, NDArray[np.float32]]:
    """One repeat's screening points (k, d), and the responses (k, N) of a block's neurons to them.

    Raises AtlasError before the epoch's screening is committed.
    """
    root = open_store(path)
    row = epoch_row(root, block.epoch)
    if not values(root, SCREENED, row):
        message = f"epoch {block.epoch:g} is not screened yet, which its searches learn from: run the study again"
        raise AtlasError(message)
    stimuli = np.flatnonzero(values(root, f"screening/{block.layer}/stimulus_repeat") == repeat)
    rows = slice(int(stimuli[0]), int(stimuli[-1]) + 1)
    at = (row, rows, slice(block.start, block.stop))
    points: Points = values(root, "screening_latent/screening_latent", (row, rows))
    return points, values(root, path_of("screening_response", block.layer), at)


def best_natural(path: Place, block: Block) -> NDArray[np.float32]:
    """The best response (N,) of each of a block's neurons to a test image.

    Raises AtlasError before the epoch's test images are observed.
    """
    root = open_store(path)
    row = epoch_row(root, block.epoch)
    if not values(root, OBSERVED, row):
        message = f"epoch {block.epoch:g} has not seen the test images, by which responses are scaled: run the study again"
        raise AtlasError(message)
    at = (row, slice(block.start, block.stop), 0)
    return values(root, path_of("natural_top_response", block.layer), at)


def trained_epochs(path: Place) -> list[float]:
    """The epochs whose checkpoints are known, ascending."""
    root = open_store(path)
    epochs: list[float] = values(root, EPOCH)[values(root, TRAINED) == 1].tolist()
    return epochs


def epoch_before(path: Place, epoch: float) -> float | None:
    """The trained epoch before ``epoch``; None for the first."""
    return max((other for other in trained_epochs(path) if other < epoch), default=None)


def latents(path: Place, block: Block, label: str, repeats: Iterable[int]) -> Points:
    """The latents (N * R, 1, d) that an entry of the search axis found for a block in some repeats.

    Raises AtlasError while the block has searches pending or failed.
    """
    if unfinished(path, [block]):
        message = (
            f"search.warm_start goes on from epoch {block.epoch:g}, where layer {block.layer} neurons "
            f"{block.start}-{block.stop} have no result: run the study again to finish that epoch first"
        )
        raise AtlasError(message)
    root = open_store(path)
    column = layout_of(root).methods.index(label)
    at = (epoch_row(root, block.epoch), slice(block.start, block.stop), column)
    points = values(root, path_of("latent", block.layer), at)[:, list(repeats)]
    return points.reshape(-1, 1, points.shape[-1])


def crossed(path: Place, epoch: float, stimulus_epoch: float) -> bool:
    """Return whether the network of ``epoch`` was shown the MEIs of ``stimulus_epoch``, and all answers are noted."""
    root = open_store(path)
    at = (epoch_row(root, epoch), epoch_row(root, stimulus_epoch))
    return all(bool(values(root, mark, at)) for mark in (CROSSED, BORROWED) if mark in root)


def relative_layers(path: Place) -> tuple[str, ...]:
    """Return the layers in whose responses 1 is a number of each neuron's own, which the atlas has a place for."""
    return tuple(layout_of(open_store(path)).references)


def signed_layers(path: Place) -> tuple[str, ...]:
    """Return the layers whose unit says that responses go below 0."""
    layout = layout_of(open_store(path))
    return tuple(layer for layer in layout.layers if layout.unit(layer).signed)


def natural_images(path: Place) -> NDArray[np.int64]:
    """Return the indices of the test images whose single responses an atlas keeps; none where it has no such group."""
    root = open_store(path)
    return np.array(layout_of(root).natural_images, np.int64)


def first_half(path: Place) -> NDArray[np.bool_]:
    """Return which of ``natural_images`` (images,) are of the half in which classes are chosen."""
    return np.array(layout_of(open_store(path)).natural_first, np.bool_)


def require_searched(path: Place) -> None:
    """Raise AtlasError where an atlas holds no images that were searched for."""
    search = study_of(open_store(path)).get("search", {})
    if search.get("methods") == []:
        message = (
            f"{path} holds no images, for its study searched none: its data are sequences of frames; its numbers are in "
            "/natural, /selectivity, /importance and /training: see its report, or ask for --about onset, switched, "
            "accuracy, importance or position"
        )
        raise AtlasError(message)
