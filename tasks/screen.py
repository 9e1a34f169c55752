"""The unit of work that shows one set of random stimuli to every neuron of one epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks import loading
from tasks.atlas import write
from tasks.job import Job, seed_of


def screen(job: Job, epoch: float) -> None:
    """Store the epoch's screening stimuli, ``search.screening_images`` a repeat, and all responses.

    Repeats share no stimulus: each draws from the prior with its own seed.
    """
    loading.one_thread()
    model = loading.generator(job)
    space = loading.space(model)
    rngs = [
        np.random.default_rng(seed_of(job.seed, "screening", epoch, repeat))
        for repeat in range(job.search.repeats)
    ]
    points = np.concatenate([space.sample(rng, job.search.screening_images) for rng in rngs])
    images = model.decode(loading.codes(points), batch_size=job.responder.batch_size)
    responses = loading.responder(job, epoch, "screen", job.layers)(images)
    arrays: dict[str, NDArray[Any]] = {
        "screening/image": images,
        "screening/latent": points.astype(np.int32),
    }
    arrays |= {f"screening/response_{layer}": values for layer, values in responses.items()}
    write.write_epoch(job.atlas, epoch, arrays, "screened")
