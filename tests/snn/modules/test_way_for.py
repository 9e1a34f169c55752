from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.modules.drive import Drive
from spikeatlas.snn.modules.way_for import Rates, proven, way_for
from tests.networks.snntorch_nets import tutorial

PICTURES = torch.rand(8, 1, 8, 8)


@dataclass
class Fake:
    """A faster way that is off by an error, or fails."""

    error: float = 0.0
    name: str = "fake"

    def describe(self, names: Sequence[str]) -> list[str]:
        return [f"{name}: fake" for name in names]

    def counts(
        self, images: Tensor, names: Sequence[str], neurons: Mapping[str, Sequence[int]]
    ) -> Rates:
        if self.error > 1:
            raise RuntimeError("no")
        return {
            name: np.full((len(images), len(neurons[name])), 0.5 + self.error) for name in names
        }


def by_hooks(pictures: Tensor) -> Rates:
    return {"a": np.full((len(pictures), 2), 0.5)}


def test_a_way_is_held_against_the_hooks() -> None:
    right, wrong, failing = Fake(), Fake(1e-6), Fake(2)
    assert proven(right, {"a": [0, 1]}, PICTURES, by_hooks) is right
    assert "does not give the module's own responses in layer a" in str(
        proven(wrong, {"a": [0, 1]}, PICTURES, by_hooks)
    )
    assert "fake fails on this module (RuntimeError: no)" in str(
        proven(failing, {"a": [0, 1]}, PICTURES, by_hooks)
    )
    assert proven("no way", {"a": [0]}, PICTURES, by_hooks) == "no way"


def test_without_a_faster_way_there_is_a_reason() -> None:
    assert isinstance(way_for(tutorial(), {}, Drive("image", 10), PICTURES), str)
