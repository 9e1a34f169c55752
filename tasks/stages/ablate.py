"""The ablation of one epoch: its probed neurons are silenced, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.data import choose_images
from spikeatlas.snn.importance.ablation import ablate as silence_each
from spikeatlas.tasks.atlas import ABLATED, write
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


def ablate(run: Run, epoch: float) -> None:
    """Store ``/importance`` of an epoch: accuracy and loss on the same test images, with and without each neuron."""
    test = models.dataset(run.data).test
    rows, _ = choose_images(test.labels, run.analysis.ablation_images)
    subject, digest = models.subject(run, epoch)
    key = models.coding_key(run, digest, "ablation")
    ablation = silence_each(subject, test.images[rows], test.labels[rows], run.layers, key)
    silenced = ablation.silenced.values()
    accuracy = np.concatenate([performance.accuracy for performance in silenced])
    loss = np.concatenate([performance.loss for performance in silenced])
    arrays: dict[str, NDArray[Any] | np.generic] = {
        "progress/intact_accuracy": np.float32(ablation.intact.accuracy),
        "importance/ablation/accuracy": accuracy.astype(np.float32),
        "importance/ablation/loss_increase": (loss - ablation.intact.loss).astype(np.float32),
    }
    for spec in run.analysis.further_importance:
        importance = spec.measure(subject, test.images[rows], test.labels[rows], run.layers, key)
        values = np.concatenate([importance[layer] for layer in run.layers])
        arrays[f"importance/{spec.variable}"] = values.astype(np.float32)
    write.write_epoch(run.atlas, epoch, arrays, ABLATED)
