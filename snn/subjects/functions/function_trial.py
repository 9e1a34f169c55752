"""Trial of a user's function: its answer to an image is that image's alone, and can be had again, or it is refused."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects.base import Images, Responses
from spikeatlas.snn.subjects.functions.function_respond import (
    Function,
    FunctionRespond,
    FunctionSite,
)

AGAIN = 1e-6
"""Most that an answer may differ when it is asked for again, as a share of it, or of 1: as ``verify`` has it."""

ALONE = 1e-2
"""Most that a layer's answers to an image may differ among other images, as a share of their sum.

Sums in another order may let a few spikes come and go; whatever depends on a batch changes more.
"""

_KEY = CodingKey(0, "", "trial")


def trial_problem(function: Function, site: FunctionSite, images: Images) -> str | None:
    """Show images (n >= 2, c, h, w) twice, then the first and the last alone; a sentence where answers differ.

    Answers of a stochastic function are only checked for their form. ValueError, one sentence, where it fails.
    """
    together = _answers(function, site, images)
    if site.stochastic:
        return None
    layer = _other(together, _answers(function, site, images))
    if layer is not None:
        return (
            f"network.stochastic: the function of {site.factory} answers the same images otherwise when it is called "
            f"again (layer {layer!r}), but stochastic is false: write stochastic: true if it draws random numbers, "
            "or let it keep nothing from one call to the next."
        )
    for row in (0, len(images) - 1):
        alone = _answers(function, site, images[row : row + 1])
        layer = _dependent({name: rows[row] for name, rows in together.items()}, alone)
        if layer is not None:
            return (
                f"network.factory: the function of {site.factory} answers an image otherwise alone than among "
                f"{len(images)} images (layer {layer!r}): a response must depend on its own image only, so let it treat "
                "each image by itself."
            )
    return None


def _answers(function: Function, site: FunctionSite, images: Images) -> Responses:
    neurons = {layer: range(info.neurons) for layer, info in site.layers.items()}
    showing = Showing(batch_size=len(images), key=_KEY)
    return FunctionRespond(function, site, neurons, showing)(images)


def _other(first: Responses, second: Responses) -> str | None:
    """Return the first layer whose answers differ."""
    for layer, rows in first.items():
        if (np.abs(rows - second[layer]) > AGAIN * np.maximum(1, np.abs(rows))).any():
            return layer
    return None


def _dependent(among: Mapping[str, NDArray[np.float32]], alone: Responses) -> str | None:
    """Return the first layer that answers one image otherwise alone than among others."""
    for layer, row in among.items():
        gap = np.abs(row - alone[layer][0]).sum()
        if gap > ALONE * max(np.abs(row).sum(), np.abs(alone[layer]).sum()):
            return layer
    return None
