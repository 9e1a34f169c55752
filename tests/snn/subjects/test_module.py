from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from spikeatlas.snn.subjects.module import MeanStd, ModuleSpec

FIELDS: dict[str, Any] = {"kind": "module", "factory": "mymodels:make_net", "normalise": "data"}


def spec(**fields: Any) -> ModuleSpec:
    return TypeAdapter(ModuleSpec).validate_python(FIELDS | fields)


def test_fields_of_a_study() -> None:
    module = spec(
        options={"num_classes": 10, "widths": [3, 4]},
        checkpoints="ckpt/epoch_{epoch}.pth",
        first_epoch=1,
        normalise={"mean": [0.5], "std": [0.25]},
        layers={"first": "lif1"},
    )
    assert module.normalise == MeanStd((0.5,), (0.25,))
    assert module.paths == {"network.checkpoints": Path("ckpt")}
    assert not module.trained_here
    assert spec(checkpoints={0: "a.pth", 0.5: "b.pth"}).paths == {
        "network.checkpoints.0": Path("a.pth"),
        "network.checkpoints.0.5": Path("b.pth"),
    }


def test_specifications_have_a_hash_and_are_read_back() -> None:
    one = spec(options={"a": [1, {"b": 2}]}, checkpoints={0: "a.pth"}, layers=["lif1", "lif2"])
    other = spec(options={"a": [1, {"b": 2}]}, checkpoints={0: "a.pth"}, layers=["lif1", "lif2"])
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other, spec(options={"a": 2})}) == 2
    adapter = TypeAdapter(ModuleSpec)
    assert adapter.validate_python(json.loads(adapter.dump_json(one))) == one


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"factory": "no_colon"}, "write module:function"),
        ({"checkpoints": "a.pth"}, "has {epoch} 0 times; write it once"),
        ({"normalise": "imagenet"}, "normalise"),
        ({"normalise": {"mean": [0], "std": [0]}}, "greater than 0"),
        ({"coding": "poisson", "normalise": "none"}, "network.input is auto, but coding poisson"),
        ({"coding": "poisson", "input": "image", "normalise": "none"}, "network.input is image"),
        (
            {"coding": "poisson", "input": "steps"},
            "network.normalise must be none with coding poisson",
        ),
        ({"time_steps": 0}, "greater than or equal to 1"),
        ({"layers": {}}, "at least 1 item"),
        ({"weights": "a.pth"}, "weights"),
    ],
)
def test_mistakes_of_a_study(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as error:
        spec(**fields)
    assert sentence in str(error.value)


def test_normalise_has_no_default() -> None:
    with pytest.raises(
        ValidationError,
        match=r"network.normalise is missing: write what the network was trained with",
    ):
        TypeAdapter(ModuleSpec).validate_python({"factory": "mymodels:make_net"})
