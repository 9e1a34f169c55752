"""A hand-made network with a unit of each kind, and the verdict on each."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from spikeatlas.snn.coding import encode
from spikeatlas.snn.life import (
    CUT,
    DEAD,
    DORMANT,
    LIVE,
    UNDRIVEN,
    DriveResponder,
    Evidence,
    extreme_images,
    response_bounds,
    verdicts,
)
from spikeatlas.snn.networks import NetworkSite, NetworkSpec, SpikingNetwork

NATURAL = np.full((3, 1, 1, 2), 100, np.uint8) + np.arange(3, dtype=np.uint8)[:, None, None, None]
"""Grey images of two pixels, both alike."""


def handmade() -> SpikingNetwork:
    """Two layers over pixels a and b, 0 to 1: both their own rectified values, then four units of these.

    live: a; dormant: a - b - 1/2, which needs a contrast that natural images do not have; dead: -a - 1; and
    a + b - a - b - 1/4, written as two paths that cancel: never above 0, but its bounds do not know that.
    """
    fields: dict[str, Any] = {"neuron": "relu", "decoding": "membrane", "time_steps": 1}
    spec = NetworkSpec(channels=(), hidden=(4, 4), **fields)
    built = spec.build(NetworkSite((1, 1, 2), 2, [0.0], [1.0], 0))
    first, second, _ = built
    with torch.no_grad():
        first.operator.weight.copy_(torch.tensor([[1, 0], [0, 1], [1, 1], [1, 0.0]]))
        tuple(first.operator.parameters())[1].zero_()
        second.operator.weight.copy_(
            torch.tensor([[1, 0, 0, 0], [1, -1, 0, 0], [-1, 0, 0, 0], [1, 1, -1, 0.0]])
        )
        tuple(second.operator.parameters())[1].copy_(torch.tensor([0, -0.5, -1, -0.25]))
    return built.eval()


def loudest(built: SpikingNetwork, images: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return dict(built.capture(encode(built, images), 2))["fc2"].amax((0, 1)).numpy()


def test_one_of_each() -> None:
    built, levels = handmade(), np.arange(0, 256, 15, dtype=np.uint8)
    search = np.stack(np.meshgrid(levels, levels), -1).reshape(-1, 1, 1, 2)
    evidence = Evidence(
        cut=np.zeros(4, bool),
        natural=loudest(built, NATURAL),
        bound=response_bounds(built)["fc2"].high,
        stimulus=loudest(built, search),
    )

    assert verdicts(evidence).tolist() == [LIVE, DORMANT, DEAD, UNDRIVEN]
    assert verdicts(evidence._replace(cut=np.ones(4, bool))).tolist() == [CUT] * 4
    # without a search nothing is dormant
    assert verdicts(evidence._replace(stimulus=np.full(4, np.nan)))[1] == UNDRIVEN
    drive = DriveResponder(built, {"fc2": (1, 2, 3)})(search)["fc2"].max(0)
    assert np.allclose(drive, [0.5, -1, -0.25], atol=1e-6)


def test_bounds_of_the_first_layer_are_those_of_images() -> None:
    built = handmade()
    images = extreme_images(built)
    assert images[:, 0, 0].tolist() == [[255, 0], [0, 255], [255, 255], [255, 0]]
    assert np.allclose(response_bounds(built)["fc1"].high, [1, 1, 2, 1], atol=1e-5)
