"""Neurons whose search reached the optimum of their grid, which enumerating it tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from spikeatlas.snn.generators import GridGenerator
from spikeatlas.tasks.atlas import Tree, open_tree
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

MOST_POINTS = 300_000
BAR = 0.9
"""Share of searches of active neurons that are to reach the optimum."""
_PART = 4096


class Reached(NamedTuple):
    """The outcome of the searches of a layer at an epoch."""

    neurons: int
    """Those whose largest response to the whole grid is above 0: the active ones."""
    searches: int
    """Searches of these: of each search method and repeat."""
    hits: int
    """Searches whose best response is that largest one."""
    share: float
    """Median over these neurons of the share of the grid that has the largest response."""


def count_optima(optima: Path) -> Iterator[str]:
    """Yield a table: how many searches in an atlas reached the largest response there is on its grid.

    ValueError for an atlas whose stimuli are not from a grid, or from one of more than 300,000 points.
    """
    run = run_of_atlas(optima)
    model = models.generator(run)
    if not isinstance(model, GridGenerator):
        raise ValueError(  # noqa: TRY004 - a user's mistake, told like any other
            f"{optima} is of generator.kind {run.generator.kind}, whose stimuli cannot be enumerated; give an atlas of "
            "generator.kind grid"
        )
    images = model.decode(all_points(model.levels, model.image_shape[2]))
    table = Table(
        "epoch", "layer", "active neurons", "searches", "optimum reached", "share of the grid"
    )
    total = np.zeros(2, int)
    with open_tree(optima) as tree:
        for epoch in run.epochs:
            for layer, outcome in reached(run, tree, epoch, images).items():
                total += outcome.hits, outcome.searches
                rate = outcome.hits / max(outcome.searches, 1)
                hits = f"{outcome.hits} ({rate:.1%})"
                counts = f"{outcome.neurons}", f"{outcome.searches}"
                table.add_row(f"{epoch:g}", layer, *counts, hits, f"{outcome.share:.2g}")
    yield as_text(table)
    rate = total[0] / max(total[1], 1)
    verdict = "reached" if rate >= BAR else "missed"
    yield (
        f"{total[0]} of {total[1]} searches of active neurons ({rate:.1%}), {run.search.budget} stimuli a neuron, reached "
        f"the optimum of {len(images):,} points; the bar is {BAR:.0%}: {verdict}"
    )


def all_points(levels: int, dimensions: int) -> NDArray[np.int64]:
    """Return every point (levels^d, d) of a grid. ValueError for more than 300,000."""
    if levels**dimensions > MOST_POINTS:
        raise ValueError(
            f"the grid has {levels}^{dimensions} points, and at most {MOST_POINTS:,} are enumerated; give an atlas with "
            "fewer generator.levels"
        )
    return np.indices((levels,) * dimensions).reshape(dimensions, -1).T


def reached(run: Run, tree: Tree, epoch: float, images: NDArray[np.uint8]) -> dict[str, Reached]:
    """Hold the searches of each layer at an epoch against the responses to ``images``, the whole grid."""
    respond = models.responder(run, epoch, "report", run.layers)
    parts = [respond(images[start : start + _PART]) for start in range(0, len(images), _PART)]
    outcomes = {}
    for layer in run.layers:
        every = np.concatenate([part[layer] for part in parts])
        largest = every.max(axis=0)
        active = largest > 0
        rows = tree[f"layers/{layer}"].response.sel(epoch=epoch).transpose("neuron", ...)
        best = rows.values.reshape(len(largest), -1)[active]
        hits = int((best == largest[active, None]).sum())
        tied = (every == largest).mean(axis=0)[active]
        share = float(np.median(tied)) if active.any() else 0.0
        outcomes[layer] = Reached(int(active.sum()), int(np.isfinite(best).sum()), hits, share)
    return outcomes
