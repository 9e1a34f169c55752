from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.subjects import LayerFeatures
from spikeatlas.snn.training import TRAINING_METHODS, TrainingSpec
from tests.snn.networks.heads.heads import CHAIN, convex, digits, head_spec, trained_chain


def test_places_are_steps_of_the_path() -> None:
    training = convex(path=(0.3, 0.1))
    spec = head_spec()
    assert training.places(spec) == (0, 1, 2)
    assert training.place_problems(spec, [0, 2]) == []
    (sentence,) = training.place_problems(spec, [1.5, 3])
    assert sentence == (
        "1.5, 3 has no checkpoint, for convex-threshold leaves one at each step; choose among 0, 1, 2"
    )
    assert training.problems(spec) == []
    assert training.method.axis.name == "step"


@pytest.mark.parametrize("path", [(0.1, 0.3), (0.3, 0.1, 0.1)], ids=str)
def test_a_path_that_does_not_fall_is_told(path: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="each beta must be below the one before"):
        convex(path=path)


@pytest.mark.parametrize("path", [(), (0.0,), (-1.0,), (float("inf"),), (1e300, 0.1)], ids=str)
def test_a_path_is_of_positive_numbers(path: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="path"):
        convex(path=path)


@pytest.mark.parametrize(
    "field",
    [{"epochs": 3}, {"batch_size": 4}, {"lr": 0.1}, {"backend": "eager"}, {"surrogate": "atan"}],
    ids=str,
)
def test_fields_that_are_not_read_are_told(field: dict[str, Any]) -> None:
    training = TrainingSpec(method=TRAINING_METHODS.read("convex-threshold"), **field)
    (sentence,) = training.problems(head_spec())
    (name,) = field
    assert sentence == f"training.{name}: convex-threshold does not read it; leave it out"


def test_it_trains_heads_alone_and_nothing_else_trains_them() -> None:
    (sentence,) = convex().problems(NetworkSpec())
    assert "trains threshold units alone; set network.kind to threshold-head" in sentence
    (sentence,) = TrainingSpec().problems(head_spec())
    assert "backprop cannot train such a network; choose convex-threshold" in sentence


def test_features_without_a_checkpoint_are_told(tmp_path: Path) -> None:
    chain = {**CHAIN, "checkpoints": str(tmp_path / "chain")}
    spec = head_spec(features=LayerFeatures(network=chain, layer="conv1", epoch=4))  # type: ignore[arg-type]
    (sentence,) = convex().problems(spec)
    assert sentence.startswith("network.features: there is no file")
    assert "epoch-4.safetensors (no checkpoint is there); run the study first" in sentence

    trained_chain(tmp_path / "chain", digits())
    (sentence,) = convex().problems(spec)
    assert "it holds epochs 0, 1" in sentence
