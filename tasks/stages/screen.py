"""The screening of one epoch: one set of stimuli is shown to every neuron."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import CodeSpace, Points, Space, draw_textures
from spikeatlas.snn.generators import Generator
from spikeatlas.tasks.atlas import SCREENED, path_of, write
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.specs import SearchSpec
from spikeatlas.tasks.workers import models


def screen(run: Run, epoch: float) -> None:
    """Store the epoch's screening stimuli, ``search.screening_images`` a repeat, and all responses."""
    model = models.generator(run)
    space = models.search_space(run)
    points = np.concatenate(
        [draw(run, epoch, repeat, model, space) for repeat in range(run.search.most_repeats)]
    )
    images = model.decode(points, batch_size=run.responder.batch_size)
    responses = models.responder(run, epoch, "screen", run.layers)(images)
    arrays: dict[str, NDArray[Any]] = {
        "screening_image/screening_image": images,
        "screening_latent/screening_latent": points.astype(model.latent.dtype),
    }
    arrays |= {path_of("screening_response", layer): values for layer, values in responses.items()}
    write.write_epoch(run.atlas, epoch, arrays, SCREENED)


def draw(run: Run, epoch: float, repeat: int, model: Generator, space: Space) -> Points:
    """Draw the screening points (k, d) of one repeat, natural ones last.

    Repeats share no image: each draws with its own seed, and takes its own part of the epoch's one order
    of all training images.
    """
    natural = natural_images(run.search)
    rng = np.random.default_rng(seed_of(run.seed, "screening", epoch, repeat))
    if run.search.screening == "textures":
        assert isinstance(space, CodeSpace)
        return draw_textures(space, rng, run.search.screening_images)
    points = space.sample(rng, run.search.screening_images - natural)
    if not natural:
        return points
    images = models.dataset(run.data).train.images
    order = np.random.default_rng(seed_of(run.seed, "screening natural", epoch))
    rows = order.permutation(len(images))[repeat * natural : (repeat + 1) * natural]
    encoded = model.encode(images[rows], batch_size=run.responder.batch_size)
    return np.concatenate([points, encoded])


def natural_images(search: SearchSpec) -> int:
    """Return the number of natural images among one repeat's screening stimuli."""
    parts = {"both": search.screening_images // 2, "natural": search.screening_images}
    return parts.get(search.screening, 0)
