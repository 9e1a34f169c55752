"""An image alone in its batch, which a normalisation cannot learn from: a sentence says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.training import Lesson, TrainingSpec, batch_problems
from spikeatlas.snn.training.methods.tandem import TandemMethod
from tests.snn.nets import toy_data
from tests.snn.training.methods.tandem.tandem_nets import FIELDS

TANDEM: dict[str, Any] = {"method": "tandem"}
STEPPED: dict[str, Any] = {"norm": {"kind": "batch", "statistics": "step"}}


def problems(network: dict[str, Any], images: int, training: dict[str, Any]) -> list[str]:
    spec = NetworkSpec(**{"channels": (3,), "hidden": (6,), "time_steps": 5, **network})
    return batch_problems(Lesson(spec, TrainingSpec(**training), toy_data(images), 0, "s"))


@pytest.mark.parametrize(
    ("network", "images", "training", "sentence"),
    [
        (FIELDS, 40, {**TANDEM, "batch_size": 1}, "training.batch_size: 1 leaves one of 40 training images alone"),
        (FIELDS, 41, {**TANDEM, "batch_size": 2}, "two or more; set it to 3"),
        (FIELDS, 2, {**TANDEM, "batch_size": 9}, "data: tandem has two images or more to learn from at once, for which 2 to"),
        (FIELDS | {"norm": "none"}, 1, TANDEM, "for which 1 to train with are too few; give more"),
        (STEPPED, 40, {"batch_size": 13}, "training.batch_size: 13 leaves one of 40"),
        (STEPPED, 41, {"batch_size": 4}, "two or more; set it to 6"),
        (STEPPED, 1, {"batch_size": 4}, "data: backprop has two images or more to learn from at once"),
    ],
)  # fmt: skip
def test_an_image_alone_is_told(
    network: dict[str, Any], images: int, training: dict[str, Any], sentence: str
) -> None:
    (problem,) = problems(network, images, training)
    assert sentence in problem


def test_a_share_for_validation_that_leaves_none_is_told() -> None:
    method = TandemMethod(validation=0.99)
    spec, training = NetworkSpec(channels=(3,), hidden=(6,), **FIELDS), TrainingSpec(method=method)
    (problem,) = method.lesson_problems(Lesson(spec, training, toy_data(40), 0, "s"))
    assert problem.startswith("training.method: validation is 0.99, which leaves 1 of 40 images")
    assert method.lesson_problems(Lesson(spec, training, toy_data(3), 0, "s")) == []
    usual = TandemMethod()
    assert usual.lesson_problems(Lesson(spec, training, toy_data(40), 0, "s")) == []


@pytest.mark.parametrize(
    ("network", "training"),
    [
        (FIELDS | {"norm": "none"}, {**TANDEM, "batch_size": 1}),
        (FIELDS | {"hidden": ()}, {**TANDEM, "batch_size": 1}),
        (FIELDS, {**TANDEM, "batch_size": 39}),
        (STEPPED, {"batch_size": 12}),
        ({}, {"batch_size": 1}),
    ],
    ids=["no norm", "maps", "two", "rest", "plain"],
)
def test_where_one_image_is_enough(network: dict[str, Any], training: dict[str, Any]) -> None:
    assert problems(network, 40, training) == []
