"""The best known image of each neuron, as a person reads it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from spikeatlas.tasks.atlas import BLANKS, KNOWN, Tree

FOUND = "search"
"""The source of a best known image that is the search's own."""

WHERE = {
    "epoch": lambda best: f"epoch {best.best_known_epoch.item():g}",
    "neuron": lambda best: (
        f"neuron {best.best_known_neuron.item()}, epoch {best.best_known_epoch.item():g}"
    ),
    "test image": lambda best: f"test image {best.best_known_image.item()}",
    "screening": lambda best: f"screening {best.best_known_image.item()}",
    "blank": lambda best: f"blank {BLANKS[best.best_known_image.item()]}",
}
"""What is said of each other source."""


def told_known(tree: Tree, layer: str, epoch: float) -> xr.Dataset:
    """Return ``best_known`` and ``known_from`` (neuron,), in words, of a layer; NaN and empty where not asked yet."""
    neurons = tree[f"best/{layer}"]["neuron"].values
    response, words = np.full(len(neurons), np.nan, np.float32), [""] * len(neurons)
    if KNOWN in tree and bool(tree.progress.known.sel(epoch=epoch).item()):
        best = tree[f"best/{layer}"].drop_vars("mei").sel(epoch=epoch).load()
        response = best.best_known.values
        words = [known_from(best.isel(neuron=row)) for row in range(len(neurons))]
    variables = {"best_known": ("neuron", response), "known_from": ("neuron", words)}
    return xr.Dataset(variables, coords={"neuron": neurons})


def known_from(best: xr.Dataset) -> str:
    """Return where one neuron's best known image comes from: ``search``, ``epoch 2``, ``test image 17``."""
    source = str(best.best_known_source.item())
    return WHERE[source](best) if source in WHERE else source


def elsewhere(tree: Tree, layer: str) -> tuple[int, int]:
    """Count a layer's neuron-epochs whose best known image is not the search's own: (these, all that were asked)."""
    if KNOWN not in tree:
        return 0, 0
    source = tree[f"best/{layer}"].best_known_source.values
    there = (tree.progress.known.values == 1)[:, None] & (source != "")
    return int((there & (source != FOUND)).sum()), int(there.sum())
