"""The unit of work that shows one set of stimuli to every neuron of one epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optim import Space
from optim.space import Points
from snn.generators import Generator
from tasks import loading
from tasks.atlas import write
from tasks.job import Job, SearchSpec, seed_of


def screen(job: Job, epoch: float) -> None:
    """Store the epoch's screening stimuli, ``search.screening_images`` a repeat, and all responses."""
    loading.one_thread()
    model = loading.generator(job)
    space = loading.search_space(job)
    points = np.concatenate(
        [draw(job, epoch, repeat, model, space) for repeat in range(job.search.most_repeats)]
    )
    images = model.decode(points, batch_size=job.responder.batch_size)
    responses = loading.responder(job, epoch, "screen", job.layers)(images)
    arrays: dict[str, NDArray[Any]] = {
        "screening/image": images,
        "screening/latent": points.astype(model.latent.dtype),
    }
    arrays |= {f"screening/response_{layer}": values for layer, values in responses.items()}
    write.write_epoch(job.atlas, epoch, arrays, "screened")


def draw(job: Job, epoch: float, repeat: int, model: Generator, space: Space) -> Points:
    """The screening points (k, d) of one repeat, those of the prior first.

    Repeats share no image: each draws from the prior with its own seed, and takes its own part of
    the epoch's one order of all training images.
    """
    natural = natural_images(job.search)
    prior = np.random.default_rng(seed_of(job.seed, "screening", epoch, repeat))
    points = space.sample(prior, job.search.screening_images - natural)
    if not natural:
        return points
    images = loading.dataset(job.data).train.images
    order = np.random.default_rng(seed_of(job.seed, "screening natural", epoch))
    rows = order.permutation(len(images))[repeat * natural : (repeat + 1) * natural]
    encoded = model.encode(images[rows], batch_size=job.responder.batch_size)
    return np.concatenate([points, encoded])


def natural_images(search: SearchSpec) -> int:
    """How many of one repeat's screening stimuli are natural images."""
    share = {"prior": 0, "both": search.screening_images // 2, "natural": search.screening_images}
    return share[search.screening]
