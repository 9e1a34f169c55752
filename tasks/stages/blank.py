"""The blank images of one epoch: what its network answers where there is nothing to see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import BLANKED, BLANKS, path_of, write
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

LEVELS = {"black": 0, "grey": 128, "white": 255}


def show_blanks(run: Run, epoch: float) -> None:
    """Store each probed neuron's answers to black, grey and white, and to the mean of the test images."""
    respond = models.responder(run, epoch, "report", run.layers)
    answers = respond(blank_images(models.dataset(run.data).test.images))
    arrays = {path_of("blank_response", layer): values.T for layer, values in answers.items()}
    write.write_epoch(run.atlas, epoch, arrays, BLANKED)


def blank_images(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the blank images (``BLANKS``, c, h, w) for images (n, c, h, w)."""
    levels = [np.full(images.shape[1:], level, np.uint8) for level in LEVELS.values()]
    mean = np.rint(images.mean(axis=0)).astype(np.uint8)
    blanks = dict(zip(LEVELS, levels, strict=True)) | {"mean": mean}
    return np.stack([blanks[name] for name in BLANKS])
