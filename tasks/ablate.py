"""The unit of work that silences the probed neurons of one epoch, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn.ablation import ablate as silence_each
from tasks import loading
from tasks.atlas import write
from tasks.job import Job
from tasks.natural import kept_images


def ablate(job: Job, epoch: float) -> None:
    """Store ``/ablation`` of an epoch: accuracy and loss on the same test images, with and without each neuron."""
    loading.one_thread()
    test = loading.dataset(job.data).test
    chosen, _ = kept_images(test.labels, job.analysis.ablation_images)
    network, digest = loading.network(job, epoch)
    noise = loading.noise(job, digest, "ablation")
    found = silence_each(network, test.images[chosen], test.labels[chosen], job.layers, noise)
    accuracy = np.concatenate([each.accuracy for each in found.silenced.values()])
    loss = np.concatenate([each.loss for each in found.silenced.values()])
    arrays: dict[str, NDArray[Any] | np.generic] = {
        "ablation/intact_accuracy": np.float32(found.intact.accuracy),
        "ablation/accuracy": accuracy.astype(np.float32),
        "ablation/loss_increase": (loss - found.intact.loss).astype(np.float32),
    }
    write.write_epoch(job.atlas, epoch, arrays, "ablation/ablated")
