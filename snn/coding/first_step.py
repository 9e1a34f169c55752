"""Images as a current at the first step alone."""

from __future__ import annotations

import torch
from torch import Tensor

from spikeatlas.snn.coding.base import STILL, ImageCoding, Presentation, frame_numbers


class FirstStepCoding(ImageCoding):
    """The normalised image at step 0, and nothing after it (Wu et al. 2021, arXiv 2007.01204).

    Of sequences, each frame at the first of its steps.
    """

    signed = True
    pulse = True

    def encode(self, presentation: Presentation) -> Tensor:
        """See ``ImageCoding``."""
        images, steps = presentation.images, presentation.time_steps
        pixels = presentation.normalise(torch.from_numpy(images))
        inputs = pixels.new_zeros((steps, len(images), *images.shape[-3:]))
        if images.ndim == STILL:
            inputs[0] = pixels
            return inputs
        frames = images.shape[1]
        first = frame_numbers(frames, steps).searchsorted(range(frames))
        inputs[first] = pixels.transpose(0, 1)
        return inputs
