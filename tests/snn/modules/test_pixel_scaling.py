from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.modules.pixel_scaling import pixel_scaling

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 4), dtype=np.uint8)


def test_normalised_as_torchvision_does() -> None:
    from torchvision.transforms import Normalize, ToTensor

    mean, std = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)
    pictures = pixel_scaling(mean, std, 3).normalise(IMAGES)
    theirs = [Normalize(mean, std)(ToTensor()(image.transpose(1, 2, 0))) for image in IMAGES]
    assert torch.equal(pictures, torch.stack(theirs))
    assert pixel_scaling((0.0,), (1.0,), 3).frames(IMAGES, None, None).shape == (1, 5, 3, 4, 4)


def test_spikes_come_at_the_rate_of_their_pixels() -> None:
    scaling = pixel_scaling((0.0,), (1.0,), 3, "poisson")
    key = CodingKey(0, "", "test")
    frames = scaling.frames(IMAGES, key, 200)
    assert frames.shape == (200, 5, 3, 4, 4)
    assert abs(frames.mean(0) - torch.from_numpy(IMAGES) / 255).max() < 0.2
    with pytest.raises(ValueError, match="CodingKey"):
        scaling.frames(IMAGES, None, 200)


def test_a_value_for_each_channel_or_one_for_all() -> None:
    with pytest.raises(
        ValueError, match=r"normalise.mean has 2 values, but the images have 3 channels"
    ):
        pixel_scaling((0.1, 0.2), (1.0,), 3)
