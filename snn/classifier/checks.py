"""Images and labels that no classifier can be trained on."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.classifier.classifier_network import Images, Labels

SMALLEST = 8
"""Fewer pixels an edge leave nothing to halve."""


def check_training_data(images: Images, labels: Labels, classes: tuple[str, ...]) -> None:
    """Raise ValueError for images (n, c, h, w) or labels (n,) that do not fit, or are too few."""
    square = images.ndim == 4 and images.shape[2] == images.shape[3] >= SMALLEST
    if images.dtype != np.uint8 or not square:
        raise ValueError(
            f"images are {images.dtype} {images.shape}: a classifier learns from uint8 images of shape "
            f"(n, channels, size, size) with a size of at least {SMALLEST}."
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels are {labels.dtype} {labels.shape} for {len(images)} images: give one whole number "
            "an image."
        )
    if len(classes) < 2:
        raise ValueError(f"classes are {len(classes)}: name at least two.")
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
        raise ValueError(
            f"labels run from {labels.min()} to {labels.max()}: with {len(classes)} classes they must "
            f"lie in 0..{len(classes) - 1}."
        )
    if np.bincount(labels, minlength=2).max() < 3:
        raise ValueError(
            f"labels name no class three times in {len(labels)} images: give more, since a part is kept "
            "from training to measure on."
        )
