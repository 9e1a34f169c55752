"""Images as constant currents."""

from __future__ import annotations

import torch
from torch import Tensor

from spikeatlas.snn.coding.base import STILL, ImageCoding, Presentation, frame_numbers


class CurrentCoding(ImageCoding):
    """The normalised image, the same at every step (direct coding, image repeated)."""

    constant = True
    signed = True

    def encode(self, presentation: Presentation) -> Tensor:
        """See ``ImageCoding``."""
        images = presentation.images
        inputs = presentation.normalise(torch.from_numpy(images))
        if images.ndim == STILL:
            return inputs[None]
        frames = frame_numbers(images.shape[1], presentation.time_steps)
        return inputs[:, frames].transpose(0, 1)
