"""Small feedback networks, and their equilibria by plain iteration."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from spikeatlas.snn.networks import NetworkSite
from spikeatlas.snn.networks.feedback import FeedbackArchitecture, FeedbackNetwork


def feedback_network(
    shape: tuple[int, int, int] = (1, 8, 8), seed: int = 0, **fields: Any
) -> FeedbackNetwork:
    blank = shape[0]
    site = NetworkSite(shape, 10, [0.3] * blank, [0.3] * blank, seed)
    return FeedbackArchitecture(**{"units": 20, **fields}).build(site).eval()


def matrix(units: int, norm: float, seed: int = 0) -> Tensor:
    """Feedback weights of a Frobenius norm, float64."""
    weights = torch.randn(
        (units, units), generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    return weights * norm / torch.linalg.norm(weights)


def equilibrium(drive: Tensor, feedback: Tensor, rounds: int = 400) -> Tensor:
    """Rates (n, units), a = clip((W a + d) / 2, 0, 1) by iteration."""
    rates = torch.zeros_like(drive)
    for _ in range(rounds):
        rates = ((rates @ feedback.T + drive) / 2).clamp(0, 1)
    return rates
