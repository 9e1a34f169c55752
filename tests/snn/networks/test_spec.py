from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from spikeatlas.snn.subjects import ChainSpec
from tests.snn.own_layers import Adaptive, Latest, Ramp

ADAPTER = TypeAdapter(ChainSpec)


def test_defaults_that_came_later_stand_in_no_json() -> None:
    """Digests of studies and checkpoints of before these fields must stay as they are."""
    assert ADAPTER.dump_json(ChainSpec()) == (
        b'{"channels":[16,32],"hidden":[64],"kernel":3,"beta":0.9,"threshold":1.0,"reset":"subtract",'
        b'"time_steps":25,"coding":"current","checkpoints":null}'
    )
    spelled = {"neuron": "leaky", "norm": {"kind": "none"}, "decoding": {"kind": "rate"}}
    assert ADAPTER.dump_json(ADAPTER.validate_python(spelled)) == ADAPTER.dump_json(ChainSpec())


def test_members_go_through_json_and_back() -> None:
    fields = {
        "neuron": {"kind": "tests.snn.own_layers:Adaptive", "strength": 0.5},
        "norm": ["none", "tests.snn.own_layers:Ramp", "none", "none"],
        "decoding": "tests.snn.own_layers:Latest",
    }
    spec = ADAPTER.validate_python(fields)

    assert spec.neuron == Adaptive("tests.snn.own_layers:Adaptive", strength=0.5)
    assert isinstance(spec.norms[1], Ramp)
    assert isinstance(spec.decoding, Latest)
    assert ADAPTER.validate_json(ADAPTER.dump_json(spec)) == spec
    dump = json.loads(ADAPTER.dump_json(spec))
    assert dump["neuron"] == {"kind": "tests.snn.own_layers:Adaptive", "strength": 0.5}
    assert dump["norm"][1] == {"kind": "tests.snn.own_layers:Ramp"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"neuron": {"kind": "leaky", "x": 1}}, r"neuron\.x"),
        ({"neuron": 3}, "3 names no neuron"),
        (
            {"neuron": {"kind": "tests.snn.own_layers:Adaptive"}, "time_steps": 1},
            "neuron: one step leaves no time",
        ),
        ({"decoding": "rates"}, r"did you mean rate\?"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ADAPTER.validate_python(fields)


def test_all_fields_stand_in_the_json_schema() -> None:
    properties = ADAPTER.json_schema()["properties"]

    assert {"neuron", "norm", "decoding", "beta"} <= properties.keys()
    assert properties["neuron"]["description"]
