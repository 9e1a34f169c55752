"""The unit of work that silences the probed neurons of one epoch, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.data import choose_images
from spikeatlas.snn.importance.ablation import ablate as silence_each
from spikeatlas.tasks.atlas import write
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


def ablate(run: Run, epoch: float) -> None:
    """Store ``/ablation`` of an epoch: accuracy and loss on the same test images, with and without each neuron."""
    models.one_thread()
    test = models.dataset(run.data).test
    chosen, _ = choose_images(test.labels, run.analysis.ablation_images)
    network, digest = models.network(run, epoch)
    noise = models.noise(run, digest, "ablation")
    found = silence_each(network, test.images[chosen], test.labels[chosen], run.layers, noise)
    accuracy = np.concatenate([each.accuracy for each in found.silenced.values()])
    loss = np.concatenate([each.loss for each in found.silenced.values()])
    arrays: dict[str, NDArray[Any] | np.generic] = {
        "ablation/intact_accuracy": np.float32(found.intact.accuracy),
        "ablation/accuracy": accuracy.astype(np.float32),
        "ablation/loss_increase": (loss - found.intact.loss).astype(np.float32),
    }
    write.write_epoch(run.atlas, epoch, arrays, "ablation/ablated")
