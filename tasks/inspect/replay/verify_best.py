"""The check that each neuron's best image is that of the search which it names."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikeatlas.tasks.atlas import Tree


def best_damage(tree: Tree, layer: str, epoch: float) -> Iterator[str]:
    """Say where ``/best`` of an analysed epoch does not hold the image and the response of the search that it names."""
    best = tree[f"best/{layer}"].sel(epoch=epoch)
    searches = tree.layer(layer, "layers", "image").sel(epoch=epoch)
    columns = {label: column for column, label in enumerate(searches["search"].values.tolist())}
    repeats = searches["repeat"].values.tolist()
    images, responses = (
        searches[name].transpose("neuron", "search", "repeat", ...).values
        for name in ("mei", "response")
    )
    meis, answers = best.mei.values, best.response.values
    named = zip(best.best_search.values.tolist(), best.best_repeat.values.tolist(), strict=True)
    for row, (label, repeat) in enumerate(named):
        where = f"epoch={epoch:g} layer={layer} neuron={best.neuron.values[row]}: best/{layer}"
        if label not in columns or repeat not in repeats:
            yield f"{where} names search={label} repeat={repeat}, which there is not"
            continue
        at = (row, columns[label], repeats.index(repeat))
        if (meis[row] != images[at]).any():
            yield f"{where}/mei is not the image of search={label} repeat={repeat}, which it names"
        if not np.array_equal(answers[row], responses[at], equal_nan=True):
            yield f"{where}/response is not that of search={label} repeat={repeat}, which it names"
