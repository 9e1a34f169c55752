"""The picture of a run at work: the best images of an epoch's neurons so far, a row for each layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.snn.atomic import write_atomically
from spikeatlas.tasks.atlas import (
    Tree,
    at_search,
    best_search,
    main_sign,
    open_tree,
    settled,
    zero_is_silence,
)
from spikeatlas.tasks.report.layers.epoch_picture import PICTURES, Strip, enlarged, paint, png
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.run_files import PICTURE_MARK


def draw_so_far(run: Run, epoch: float) -> Path:
    """Draw the images that drive the neurons of an epoch most by now, and return the picture's file.

    Those of the search where it is done, the screening's best elsewhere; each with the neuron's number and response.
    """
    with open_tree(run.atlas) as tree:
        strips = [_strip(tree, layer, epoch) for layer in run.layers]
    write_atomically(run.picture_so_far, png(paint(strips), PICTURE_MARK))
    return run.picture_so_far


def _strip(tree: Tree, layer: str, epoch: float) -> Strip:
    """Return the images of a layer's most driven neurons (least driven, if only those are sought), the silent left out."""
    searches = tree[f"layers/{layer}"][["status", "response"]].sel(epoch=epoch)
    direction = main_sign(searches.response)
    images, responses = _of_screening(tree, layer, epoch, direction)
    done = settled(searches.status).any(["search", "repeat"]).values
    if done.any():
        place = best_search(searches.response, searches.status)
        meis = at_search(tree[f"image/{layer}"].mei.sel(epoch=epoch), place)
        images[done] = meis[done]
        responses[done] = at_search(searches.response, place)[done]
    title = f"{layer}, epoch {epoch:g}: {done.sum()} of {len(done)} neurons searched"
    title += "" if done.all() else ", the others' best images of the screening"
    neurons = searches.neuron.values
    silence = direction > 0 and zero_is_silence(searches.response)
    answering = np.flatnonzero(np.isfinite(responses) & ((responses != 0) | (not silence)))
    order = answering[np.argsort(-direction * responses[answering], kind="stable")][:PICTURES]
    return Strip(
        title,
        enlarged(images[order]),
        [int(neuron) for neuron in neurons[order]],
        [float(response) for response in responses[order]],
    )


def _of_screening(
    tree: Tree, layer: str, epoch: float, direction: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return the best image (neurons, channels, height, width) of the screening, and the responses (neurons,)."""
    answers: xr.DataArray = tree[f"screening/{layer}"].screening_response.sel(epoch=epoch)
    values = answers.transpose("stimulus", "neuron").values
    best = np.where(np.isnan(values), -np.inf, direction * values).argmax(axis=0)
    images = tree["screening_image"].screening_image.sel(epoch=epoch).values
    responses: NDArray[np.float32] = np.take_along_axis(values, best[None], axis=0)[0]
    return images[best].copy(), responses.copy()
