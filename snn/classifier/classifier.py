"""A classifier without spikes that judges images: what they show, how surely, and how alike they are.

It is trained on the real images alone, apart from any generator and from the network under study, so
that neither can have learnt to please it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import softmax
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.classifier.classifier_network import (
    ClassifierNetwork,
    Images,
    Shape,
    allocate_classifier,
    classifier_pixels,
)
from spikeatlas.snn.classifier.spec import ClassifierSpec
from spikeatlas.snn.files import load_checkpoint

_BATCH = 64


class Classifier:
    """A trained classifier. A row of what it returns does not depend on the other images."""

    def __init__(
        self,
        network: ClassifierNetwork,
        image_shape: Shape,
        classes: tuple[str, ...],
        temperature: float,
    ) -> None:
        self.image_shape = image_shape
        """(c, h, w) of the images it takes."""
        self.classes = classes
        """Names of the classes."""
        self.temperature = temperature
        """What scores are divided by before they become probabilities."""
        self._network = network.eval().requires_grad_(requires_grad=False)

    def features(self, images: Images, batch_size: int = _BATCH) -> npt.NDArray[np.float32]:
        """Return features (n, f), >= 0, of uint8 images (n, c, h, w): the last layer's inputs.

        ValueError for images of another shape or type.
        """
        width = self._network.scores.in_features
        return self._run(self._network.features, images, width, batch_size)

    def probabilities(self, images: Images, batch_size: int = _BATCH) -> npt.NDArray[np.float32]:
        """Return calibrated class probabilities (n, classes) of uint8 images (n, c, h, w).

        ValueError for images of another shape or type.
        """
        scores = self.scores(images, batch_size).astype(np.float64)
        chances: npt.NDArray[np.float64] = softmax(scores / self.temperature, axis=1)
        return chances.astype(np.float32)

    def scores(self, images: Images, batch_size: int = _BATCH) -> npt.NDArray[np.float32]:
        """Return class scores (n, classes) before calibration; images and errors as in probabilities."""
        return self._run(self._network, images, len(self.classes), batch_size)

    @torch.inference_mode()
    def _run(
        self, measure: Callable[[Tensor], Tensor], images: Images, width: int, batch_size: int
    ) -> npt.NDArray[np.float32]:
        if images.dtype != np.uint8 or images.shape[1:] != self.image_shape:
            raise ValueError(
                f"images are {images.dtype} {images.shape}: this classifier takes uint8 images of "
                f"shape (n, {', '.join(map(str, self.image_shape))})."
            )
        measured = np.empty((len(images), width), np.float32)
        for place, (batch, count) in enumerate(padded_batches(images, batch_size)):
            start = place * batch_size
            measured[start : start + count] = measure(classifier_pixels(batch))[:count].numpy()
        return measured


def load_classifier(path: Path) -> Classifier:
    """Load what train_classifier wrote.

    FileNotFoundError where there is no file; ValueError for a damaged one or one of another kind.
    """
    tensors, metadata = load_checkpoint(path)
    try:
        channels, height, width = json.loads(metadata["image_shape"])
        classes = tuple(json.loads(metadata["classes"]))
        spec = ClassifierSpec(**json.loads(metadata["classifier"]))
        temperature = float(metadata["temperature"])
        network = allocate_classifier(channels, len(classes), spec.width)
        network.load_state_dict(tensors)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise ValueError(
            f"{path} holds no classifier ({error}): give a file that train_classifier wrote."
        ) from None
    return Classifier(network, (channels, height, width), classes, temperature)
