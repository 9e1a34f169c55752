"""Neurons whose search reached the optimum of their grid, which enumerating it tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from spikeatlas.snn.generators import GridGenerator
from spikeatlas.tasks.atlas import Tree, of_sign, open_tree
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

MOST_POINTS = 300_000
BAR = 0.9
"""Share of searches of active neurons that are to reach the optimum."""
ENDS = {1: "largest", -1: "smallest"}
"""The response that a search of a sign looks for."""
_PART = 4096


class Reached(NamedTuple):
    """The outcome of the searches of a layer for one end of its neurons, at an epoch."""

    neurons: int
    """Those whose response to some point of the grid is not 0: the active ones."""
    searches: int
    """Searches of these: of each search method and repeat."""
    hits: int
    """Searches whose best response is the optimum: the largest or the smallest of the grid, whichever they look for."""
    share: float
    """Median over these neurons of the share of the grid that has that response."""


def count_optima(optima: Path) -> Iterator[str]:
    """Yield a table: how many searches in an atlas reached the largest response there is on its grid, or the smallest.

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
        "epoch", "layer", "optimum", "active neurons", "searches", "reached", "share of the grid"
    )
    totals: dict[int, NDArray[np.int64]] = {sign: np.zeros(2, int) for sign in run.search.signs}
    with open_tree(optima) as tree:
        for epoch in run.epochs:
            for (layer, sign), outcome in reached(run, tree, epoch, images).items():
                totals[sign] += outcome.hits, outcome.searches
                rate = outcome.hits / max(outcome.searches, 1)
                hits = f"{outcome.hits} ({rate:.1%})"
                counts = f"{outcome.neurons}", f"{outcome.searches}"
                place = f"{epoch:g}", layer, ENDS[sign]
                table.add_row(*place, *counts, hits, f"{outcome.share:.2g}")
    yield as_text(table)
    for sign, (count, searches) in totals.items():
        rate = count / max(searches, 1)
        verdict = "reached" if rate >= BAR else "missed"
        least = " for the least exciting image" if sign < 0 else ""
        yield (
            f"{count} of {searches} searches of active neurons{least} ({rate:.1%}), {run.search.budget} stimuli a neuron, "
            f"reached the optimum of {len(images):,} points; the bar is {BAR:.0%}: {verdict}"
        )


def all_points(levels: int, dimensions: int) -> NDArray[np.int64]:
    """Return every point (levels^d, d) of a grid. ValueError for more than 300,000."""
    if levels**dimensions > MOST_POINTS:
        raise ValueError(
            f"the grid has {levels}^{dimensions} points, and at most {MOST_POINTS:,} are enumerated; give an atlas with "
            "fewer generator.levels"
        )
    return np.indices((levels,) * dimensions).reshape(dimensions, -1).T


def reached(
    run: Run, tree: Tree, epoch: float, images: NDArray[np.uint8]
) -> dict[tuple[str, int], Reached]:
    """Hold the searches of each layer and sign at an epoch against the responses to ``images``, the whole grid."""
    respond = models.responder(run, epoch, "report", run.layers)
    parts = [respond(images[start : start + _PART]) for start in range(0, len(images), _PART)]
    outcomes: dict[tuple[str, int], Reached] = {}
    for layer in run.layers:
        every = np.concatenate([part[layer] for part in parts])
        active: NDArray[np.bool_] = (every != 0).any(axis=0)
        for sign in run.search.signs:
            searches = of_sign(tree[f"layers/{layer}"], sign).response.sel(epoch=epoch)
            best = searches.transpose("neuron", ...).values.reshape(len(active), -1)[active]
            optimum = sign * (sign * every).max(axis=0)
            hits = int((best == optimum[active, None]).sum())
            tied = (every == optimum).mean(axis=0)[active]
            share = float(np.median(tied)) if active.any() else 0.0
            counts = int(active.sum()), int(np.isfinite(best).sum())
            outcomes[layer, sign] = Reached(*counts, hits, share)
    return outcomes
