"""The search for what drives units that natural images leave silent, by all means there are, one after the other."""

from __future__ import annotations

import numpy as np

from spikeatlas.optim import Points
from spikeatlas.snn.ascent import ASCENTS, AscentOptions, Climber, ascend, make_climber
from spikeatlas.snn.coding import CODINGS
from spikeatlas.snn.life import drives, extreme_images
from spikeatlas.tasks.analysis.naturalness import scale_of
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.search.drive_probe import PURPOSE, DriveProbe
from spikeatlas.tasks.stages.living.living_layer import Array, DriveResult, LivingLayer, nothing
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


def look_for_life(layer: LivingLayer, rows: Array) -> DriveResult:
    """Look for what drives the units at some ``rows`` of a layer: the dearer means are for those that are silent still.

    The stimuli that the atlas has for them, by any method; searches of their drive; black and white images along the
    weights; and the gradient's guide.
    """
    result = nothing(layer)
    for look in (_in_the_atlas, _by_search, _by_extremes, _by_gradient):
        silent = rows[result.silent[rows]]
        if silent.size:
            look(layer, silent, result)
    return result


def _in_the_atlas(layer: LivingLayer, rows: Array, result: DriveResult) -> None:
    """Take the image of the search, of any method and repeat, that a unit answered most."""
    with open_tree(layer.run.atlas) as tree:
        kinds = ("layers", "image", "latent")
        searches = tree.layer(layer.name, *kinds).sel(epoch=layer.block.epoch)
        searches = searches.isel(neuron=rows).stack(look=("search", "repeat"))
        sizes = np.abs(np.nan_to_num(searches.response.transpose("neuron", "look").values))
        best = sizes.argmax(1)
        at = (np.arange(len(rows)), best)
        images = searches.mei.transpose("neuron", "look", ...).values[at]
        points = searches.latent.transpose("neuron", "look", ...).values[at]
    answered = np.flatnonzero(sizes[at] > 0)
    if answered.size:
        _take(layer, rows[answered], images[answered], result, points[answered])


def _by_search(layer: LivingLayer, rows: Array, result: DriveResult) -> None:
    """Search for the largest drive, and take the image of each search that the unit answers, or else drives it most."""
    units = [layer.units[row] for row in rows]
    places = [layer.places[unit] for unit in units]
    driven = DriveProbe(layer.run, layer.block, units, layer.network, places).search()
    repeats = driven.drive.shape[1]
    result.searches[rows] = repeats
    result.drive[rows] = driven.drive.max(1)
    responses = np.stack(
        [layer.respond(rows, driven.images[:, repeat]) for repeat in range(repeats)], 1
    )
    best = np.where(responses.max(1) > 0, responses.argmax(1), driven.drive.argmax(1))
    at = (np.arange(len(rows)), best)
    _take(layer, rows, driven.images[at], result, driven.points[at])


def _by_extremes(layer: LivingLayer, rows: Array, result: DriveResult) -> None:
    """Show each unit of the first layer the black and white image along its weights, which has no typicality."""
    network = layer.network
    if layer.name != network.layers[0] or CODINGS[network.coding].ternary:
        return
    images = extreme_images(network)[[layer.places[layer.units[row]] for row in rows]]
    result.drive[rows] = np.maximum(result.drive[rows], layer.drive(rows, images))
    _take(layer, rows, images, result)


def _by_gradient(layer: LivingLayer, rows: Array, result: DriveResult) -> None:
    """Climb the drive by its gradient, as far as the generator and the spikes before the layer have one."""
    climber = _climber(layer, rows)
    if climber is None:
        return
    generator, budget = models.generator(layer.run), layer.run.search.budget
    seed = seed_of(layer.run.seed, PURPOSE, layer.block.epoch, layer.name, "gradient")
    options = AscentOptions(ASCENTS[generator.latent.kind][0])  # type: ignore[arg-type]
    points, history = ascend(climber, options, budget=budget, seed=seed)
    images = generator.decode(points, batch_size=layer.run.responder.batch_size)
    result.guided[rows] = budget
    result.drive[rows] = np.fmax(result.drive[rows], history[:, -1])
    _take(layer, rows, images, result, points)


def _climber(layer: LivingLayer, rows: Array) -> Climber | None:
    """Return the guide; None where the coding or spikes have no gradient, or the generator's codes no vectors of ours."""
    if not CODINGS[layer.network.coding].constant:
        return None
    places = [layer.places[layer.units[row]] for row in rows]
    network = layer.network.requires_grad_(requires_grad=False)
    try:
        climber = make_climber(models.generator(layer.run), network, layer.name, places, drives)
    except ValueError:
        return None
    return climber if climber.climbs else None


def _take(
    layer: LivingLayer,
    rows: Array,
    images: Array,
    result: DriveResult,
    points: Points | None = None,
) -> None:
    """Keep images (n, c, h, w), one a row, of those that answer theirs."""
    responses = layer.respond(rows, images)
    answered = responses > 0
    loud = rows[answered]
    result.response[loud] = responses[answered]
    result.image[loud] = images[answered]
    if points is not None:
        result.typicality[loud] = typicality(layer.run, points[answered], images[answered])


def typicality(run: Run, points: Points, images: Array) -> Array:
    """Return the typicality (n,) of stimuli; NaN where the generator has none."""
    if run.generator.naturalness not in ("critic", "code") or not len(images):
        return np.full(len(images), np.nan)
    return scale_of(run).typicality(points, images)
