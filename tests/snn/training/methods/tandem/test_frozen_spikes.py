"""Spikes that are kept as bits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spikeatlas.snn.training.methods.tandem import frozen_spikes
from spikeatlas.snn.training.methods.tandem.frozen_spikes import FrozenSpikes, Images
from tests.snn.nets import noise_images

STEPS = 11


@pytest.mark.parametrize("memory", [2**20, 0])
def test_they_are_what_the_layers_answer(monkeypatch: pytest.MonkeyPatch, memory: int) -> None:
    monkeypatch.setattr(frozen_spikes, "_MEMORY", memory)
    shown: list[int] = []

    def respond(images: Images) -> Tensor:
        shown.append(len(images))
        levels = torch.arange(1, STEPS + 1)[:, None, None, None, None] * 20
        return (torch.from_numpy(images)[None] > levels).float() * 0.3

    images = noise_images(70)
    spikes = FrozenSpikes(respond, images, 0.3)
    rows = np.array([69, 3, 3, 0])

    for _ in range(2):
        assert torch.equal(spikes.of(rows), respond(images[rows]))
    # kept, all images are shown in whole batches, and none again; beside them an example, and the test's own
    assert shown == ([1, 64, 64, 4, 4] if memory else [1, 4, 4, 4, 4])
