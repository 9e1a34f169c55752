"""The ablation of one epoch: its probed neurons are silenced, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.data import choose_images
from spikeatlas.snn.importance import ImageImportanceSpec, ImportanceSite, class_means
from spikeatlas.snn.importance.ablation import ablate as silence_each
from spikeatlas.tasks.atlas import ABLATED, CLASSES, write
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.trained_subject import trained_subject


def ablate(run: Run, epoch: float) -> None:
    """Store ``/importance`` of an epoch: accuracy and loss on the same test images, with and without each neuron."""
    test = models.dataset(run.data).test
    rows, _ = choose_images(test.labels, run.analysis.ablation_images)
    subject, digest = models.subject(run, epoch)
    key = models.coding_key(run, digest, "ablation")
    site = ImportanceSite(subject, test.images[rows], test.labels[rows], run.layers, key)
    ablation = silence_each(site)
    silenced = ablation.silenced.values()
    accuracy = np.concatenate([performance.accuracy for performance in silenced])
    loss = np.concatenate([performance.loss for performance in silenced])
    arrays: dict[str, NDArray[Any] | np.generic] = {
        "progress/intact_accuracy": np.float32(ablation.intact.accuracy),
        "importance/ablation/accuracy": accuracy.astype(np.float32),
        "importance/ablation/loss_increase": (loss - ablation.intact.loss).astype(np.float32),
    }
    arrays |= _further(run, epoch, site)
    write.write_epoch(run.atlas, epoch, arrays, ABLATED)


def _further(run: Run, epoch: float, ablated: ImportanceSite) -> dict[str, NDArray[Any]]:
    """Measure what else the study asks for, on the same images."""
    arrays: dict[str, NDArray[Any]] = {}
    for spec in run.analysis.further_importance:
        site = replace(ablated, subject=trained_subject(run, epoch))
        if isinstance(spec, ImageImportanceSpec):
            of_images = spec.measure_images(site)
            classes = len(models.dataset(run.data).classes)
            parts = {name: class_means(v, site.labels, classes) for name, v in of_images.items()}
            arrays[f"{CLASSES}/{spec.variable}"] = _joined(run, parts)
            importance = {layer: values.mean(axis=0) for layer, values in of_images.items()}
        else:
            importance = spec.measure(site)
        arrays[f"importance/{spec.variable}"] = _joined(run, importance)
    return arrays


def _joined(run: Run, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float32]:
    """Values (neurons, ...) of all layers, in the order of the table."""
    return np.concatenate([values[layer] for layer in run.layers]).astype(np.float32)
