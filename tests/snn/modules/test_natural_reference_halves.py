"""References of a trained network without spikes hardly depend on which natural images they are measured with."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from spikeatlas.snn.data import FashionMNIST, load_data
from spikeatlas.snn.modules import natural_reference


def trained(images: torch.Tensor, labels: torch.Tensor) -> nn.Sequential:
    """A small network after one pass over the images."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 12, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(12, 24, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(24 * 121, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    for rows in torch.randperm(len(images)).split(64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(images[rows]), labels[rows]).backward()
        optimizer.step()
    return net.eval()


@pytest.mark.slow
def test_two_halves_of_ten_thousand_images_agree_within_three_percent() -> None:
    train = load_data(FashionMNIST()).train
    images = torch.from_numpy(train.images[:20_000]).float() / 255
    net = trained(images[:10_000], torch.from_numpy(train.labels[:10_000]))

    with torch.no_grad():
        first = net[1](net[0](images[10_000:]))
        second = net[4](net[3](net[2](first)))
    for activity in (first, second):
        means = activity.mean((2, 3)).double().numpy()
        halves = [natural_reference(part, 0.99) for part in (means[:5000], means[5000:])]
        alive = ~halves[0].inactive & ~halves[1].inactive
        assert alive.sum() >= 8
        values = [half.values[alive] for half in halves]
        gaps = np.abs(values[0] / values[1] - 1)
        print(
            f"references of two halves differ by {np.median(gaps):.3f} (median), {gaps.max():.3f} at most"
        )
        assert gaps.max() <= 0.03
