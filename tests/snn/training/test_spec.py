"""What a study says about training, and what studies of before said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from spikeatlas.snn.networks import ActorArchitecture
from spikeatlas.snn.training import BACKENDS, TrainingSpec, renamed_fields
from tests.snn.brought import Counter, Quiet, SignDescent

ADAPTER = TypeAdapter(TrainingSpec)
BEFORE = {"epochs": 5, "batch_size": 16, "lr": 0.002, "labels": "true", "loop": "layers"}
"""What version 0.1 wrote into atlases, and made digests of."""


def test_what_is_as_it_always_was_is_written_as_always() -> None:
    assert json.loads(ADAPTER.dump_json(TrainingSpec())) == BEFORE
    assert ADAPTER.dump_python(TrainingSpec(backend=BACKENDS.read("eager")))["loop"] == "steps"


@pytest.mark.parametrize(
    ("loop", "backend"),
    [
        ("layers", "fused"),
        ("steps", "eager"),
        ("fused", "fused"),
        ("eager", "eager"),
        ("compiled", "compiled"),
    ],
)
def test_a_stored_study_is_read(loop: str, backend: Any) -> None:
    assert ADAPTER.validate_python({**BEFORE, "loop": loop}) == TrainingSpec(backend=backend)


def test_another_device_is_part_of_what_is_written() -> None:
    stored = json.loads(ADAPTER.dump_json(TrainingSpec(device="cuda")))
    assert stored == {**BEFORE, "device": "cuda"}
    assert ADAPTER.validate_python(stored).device == "cuda"


def test_absent_is_the_default() -> None:
    assert ADAPTER.validate_python({}) == ADAPTER.validate_python(BEFORE) == TrainingSpec()


@pytest.mark.parametrize(
    "fields",
    [
        {"backend": "eager", "method": {"kind": "tests.snn.brought:SignDescent", "size": 0.5}},
        {"objectives": ["cross-entropy", {"kind": "tests.snn.brought:Quiet"}]},
        {"callbacks": ["tests.snn.brought:Counter"]},
        {"backend": "compiled", "precision": "bfloat16"},
        {"backend": "tests.snn.training.backends.test_backends:Stepping"},
    ],
)
def test_what_is_written_is_read_again(fields: dict[str, Any]) -> None:
    spec = ADAPTER.validate_python(fields)
    stored = json.loads(ADAPTER.dump_json(spec))
    assert ADAPTER.validate_python(stored) == spec
    assert stored != BEFORE


def test_members_are_named_or_your_own() -> None:
    spec = ADAPTER.validate_python(
        {
            "method": "tests.snn.brought:SignDescent",
            "objectives": ["cross-entropy", {"kind": "tests.snn.brought:Quiet", "weight": 2}],
            "callbacks": ["tests.snn.brought:Counter"],
        }
    )
    assert spec.method == SignDescent(kind="tests.snn.brought:SignDescent")
    assert spec.objectives[1] == Quiet(kind="tests.snn.brought:Quiet", weight=2)
    assert spec.callbacks == (Counter(kind="tests.snn.brought:Counter"),)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"method": "backprob"}, r"did you mean backprop\?"),
        ({"objectives": []}, "at least 1"),
        ({"callbacks": ["spy"]}, "'spy' is not known"),
        ({"backend": "jit"}, "allowed: fused, eager, compiled, ipu, or module:object"),
        ({"surrogate": "square"}, "fast-sigmoid"),
        ({"loops": "steps"}, "loops"),
    ],
)
def test_what_does_not_fit_is_said(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ADAPTER.validate_python(fields)


TD3 = {"kind": "td3", "every": 5000}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"epochs": 100_001}, "training.epochs: 100001 is not allowed; it should be 100000 or less"),
        ({"epochs": 10**7 + 1, "method": "td3"}, "it should be 10000000 or less"),
        ({"epochs": 5_000_001, "method": TD3}, r"training\.method\.every: .* 5000 of 5000001 .* set it to 5001 or more"),
    ],
)  # fmt: skip
def test_a_training_is_not_endless(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ADAPTER.validate_python(fields)


def test_steps_in_an_environment_are_more_than_epochs() -> None:
    spec = ADAPTER.validate_python({"epochs": 10**7, "method": {"kind": "td3", "every": 10_000}})
    assert len(spec.places(ActorArchitecture())) == 1_001
    assert ADAPTER.validate_python({"epochs": 5_000_000, "method": TD3}).epochs == 5_000_000


def test_the_old_name_of_the_backend_says_the_new_one() -> None:
    sentence = "training.loop is now training.backend: write backend: eager instead of loop: steps"
    assert renamed_fields({"loop": "steps"}) == [sentence]
    assert renamed_fields({"loop": "layers"}) == [
        sentence.replace("eager", "fused").replace("steps", "layers")
    ]
    assert renamed_fields({"backend": "eager"}) == renamed_fields(None) == []
