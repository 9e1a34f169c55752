from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.graph import FastWay
from spikeatlas.snn.modules.drive import ModuleDrive
from spikeatlas.snn.modules.pixel_scaling import pixel_scaling
from spikeatlas.snn.modules.way_for import FramedWay, Rates, near, proven, way_for
from tests.networks.showing import picture_data
from tests.networks.snntorch_nets import tutorial

EXAMPLES = picture_data().test.images[:8]


@dataclass
class Fake:
    """A faster way that is off by an error, or fails."""

    error: float = 0.0
    name: str = "fake"
    other: Fake | None = None

    def reordered(self) -> Fake | None:
        return self.other

    def plainer(self) -> Fake | None:
        return self.other

    def describe(self, names: Sequence[str]) -> list[str]:
        return [f"{name}: fake" for name in names]

    def counts(
        self,
        images: NDArray[np.uint8],
        names: Sequence[str],
        neurons: Mapping[str, Sequence[int]],
        *,
        batch_size: int,
    ) -> Rates:
        if self.error > 1 or batch_size != len(images):
            raise RuntimeError("no")
        return {
            name: np.full((len(images), len(neurons[name])), 0.5 + self.error) for name in names
        }


def by_hooks(images: NDArray[np.uint8]) -> Rates:
    return {"a": np.full((len(images), 2), 0.5)}


def test_a_way_is_held_against_the_hooks() -> None:
    right, wrong, failing = Fake(), Fake(1e-6), Fake(2)
    assert proven(right, {"a": [0, 1]}, EXAMPLES, by_hooks) is right
    assert "does not give the module's own responses in layer a" in str(
        proven(wrong, {"a": [0, 1]}, EXAMPLES, by_hooks)
    )
    assert "fake fails on this module (RuntimeError: no)" in str(
        proven(failing, {"a": [0, 1]}, EXAMPLES, by_hooks)
    )
    assert proven("no way", {"a": [0]}, EXAMPLES, by_hooks) == "no way"


def test_a_plainer_way_is_tried_before_the_hooks() -> None:
    right = Fake()
    assert proven(Fake(1e-6, other=right), {"a": [0, 1]}, EXAMPLES, by_hooks) is right
    assert proven(Fake(2, other=right), {"a": [0, 1]}, EXAMPLES, by_hooks) is right
    both = str(proven(Fake(1e-6, other=Fake(2)), {"a": [0, 1]}, EXAMPLES, by_hooks))
    assert "responses in layer a; the way fake fails" in both


def test_sums_in_another_order_may_differ_a_little() -> None:
    little, much = Fake(0.04), Fake(0.06)
    assert near(Fake(other=little), {"a": [0, 1]}, EXAMPLES, by_hooks) is little
    exact = Fake(other=much)
    assert near(exact, {"a": [0, 1]}, EXAMPLES, by_hooks) is exact
    alone = Fake()
    assert near(alone, {"a": [0, 1]}, EXAMPLES, by_hooks) is alone


def test_without_a_faster_way_there_is_a_reason() -> None:
    assert isinstance(
        way_for(
            tutorial(), {}, ModuleDrive("image", 10), pixel_scaling((0.0,), (1.0,), 1), EXAMPLES
        ),
        str,
    )


class Miscounting:
    """A way that answers for its time steps, not for the images."""

    name = "layered"

    def counts(self, images: Tensor, *_: object, **_more: object) -> Rates:
        return {"a": np.zeros((len(images), 1))}


def test_a_wrong_number_of_answers_is_refused() -> None:
    drive, scaling = ModuleDrive("steps", 4), pixel_scaling([0.0], [1.0], 1)
    way = FramedWay(cast("FastWay", Miscounting()), drive, scaling)
    pixels = np.zeros((3, 2, 1, 4, 4), np.uint8)
    sentence = r"the way layered answers 3 images with \(4, 1\) in layer a"
    with pytest.raises(ValueError, match=sentence):
        way.counts(pixels, ["a"], {"a": [0]}, batch_size=3)
    once = FramedWay(cast("FastWay", Miscounting()), ModuleDrive("image", 4), scaling)
    with pytest.raises(ValueError, match="cannot be shown 4 frames"):
        once.counts(pixels, ["a"], {"a": [0]}, batch_size=3)
