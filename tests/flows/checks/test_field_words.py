"""What a field should be, in our words: one sentence, and none of pydantic's."""

from __future__ import annotations

from typing import Any

import pytest

from spikeatlas.flows.study_file import parse

MODULE = {"kind": "module", "factory": "a:b", "normalise": "none"}
CELL = {"kind": "callable", "factory": "a:b", "layers": {"V1": 3}}


def reading(kind: str, field: str, groups: Any) -> dict[str, Any]:
    return {"probe": {"reading": {"kind": kind, field: groups}}}


def network(base: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"network": {**base, **fields}}


GROUP = "a group of fields, {name: value}"
LIST = "a list, [first, second, ...]"
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "short pair": (
        reading("difference", "pairs", {"V1": [[0]]}),
        "probe.reading.pairs.V1.0: [0] is not allowed; it should be a list of 2 entries",
    ),
    "empty pair": (
        reading("difference", "pairs", {"V1": [[]]}),
        "probe.reading.pairs.V1.0: [] is not allowed; it should be a list of 2 entries",
    ),
    "long pair": (
        reading("difference", "pairs", {"V1": [[0, 1, 2]]}),
        "probe.reading.pairs.V1.0: [0, 1, 2] is not allowed; it should be a list of 2 entries",
    ),
    "negative": (
        reading("difference", "pairs", {"V1": [[0, -1]]}),
        "probe.reading.pairs.V1.0.1: -1 is not allowed; it should be 0 or more",
    ),
    "no pairs": (
        reading("difference", "pairs", {"V1": 3}),
        f"probe.reading.pairs.V1: 3 is not allowed; it should be {LIST}",
    ),
    "flat group": (
        reading("population", "groups", {"V1": [0]}),
        f"probe.reading.groups.V1.0: 0 is not allowed; it should be {LIST}",
    ),
    "empty group": (
        reading("population", "groups", {"V1": [[]]}),
        "probe.reading.groups.V1.0: [] is not allowed; it should be a list of 1 entry or more",
    ),
    "no groups": (
        reading("population", "groups", {}),
        "probe.reading.groups: {} is not allowed; it should be a group of 1 field or more",
    ),
    "list of groups": (
        reading("population", "groups", [0]),
        f"probe.reading.groups: [0] is not allowed; it should be {GROUP}",
    ),
    "text": (
        network(CELL, layers={"V1": "x"}),
        "network.layers.V1: 'x' is not allowed; it should be a whole number",
    ),
    "key": (
        network(CELL, layers={3: 3}),
        "network.layers.3: 3 is not allowed; it should be text",
    ),
    "nothing": (
        network(CELL, factory=None),
        "network.factory: nothing stands there; it should be text",
    ),
    "union": (
        network(CELL, checkpoints=["a"]),
        f"network.checkpoints: ['a'] is not allowed; it should be {GROUP} or text",
    ),
    "within a union": (
        network(CELL, checkpoints={"a": "b"}),
        "network.checkpoints.a: 'a' is not allowed; it should be a number",
    ),
    "names and others": (
        network(MODULE, layers=3),
        f"network.layers: 3 is not allowed; it should be auto or {GROUP} or {LIST}",
    ),
    "names": (
        network(MODULE, input="stepz"),
        (
            "network.input: 'stepz' is not known (did you mean steps?); allowed: auto, image, steps, "
            "frames, batch_frames"
        ),
    ),
    "path": (
        network(MODULE, checkpoints={0: 3}),
        "network.checkpoints.0: 3 is not allowed; it should be a path",
    ),
    "empty mean": (
        network(MODULE, normalise={"mean": None, "std": [1]}),
        f"network.normalise.mean: nothing stands there; it should be {LIST}",
    ),
    "no nodes": (
        network({"kind": "nir", "file": "a", "time_steps": 3, "normalise": "none", "layers": []}),
        "network.layers: [] is not allowed; it should be auto or a list of 1 entry or more",
    ),
    "specification": (
        network(CELL, unit=3),
        f"network.unit: 3 is not allowed; it should be {GROUP}",
    ),
    "section": ({"runner": "x"}, f"runner: 'x' is not allowed; it should be {GROUP}"),
    "inner field": (
        network(CELL, unit={"nme": "Hz"}),
        "network.unit.nme: there is no such field (did you mean name?); allowed are name, top, bottom",
    ),
    "number as kind": (
        network({"kind": 3}),
        (
            "network.kind: 3 names no network; allowed: chain, resnet, feedback, threshold-head, actor, module, nir, "
            "callable, or "
            "module:object of your own"
        ),
    ),
    "unknown kind": (
        network({"kind": "callble"}),
        (
            "network.kind: 'callble' is not known (did you mean callable?); allowed: chain, resnet, feedback, "
            "threshold-head, actor, module, "
            "nir, callable, or module:object of your own"
        ),
    ),
    "whole number": ({"seed": 1.5}, "seed: 1.5 is not allowed; it should be a whole number"),
    "long value": (
        {"seed": "x" * 200},
        f"seed: '{'x' * 79}... is not allowed; it should be a whole number",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_field_is_told_in_one_sentence(name: str) -> None:
    raw, sentence = CASES[name]

    assert parse(raw)[1] == [sentence]


@pytest.mark.parametrize("value", [None, 3, [0.5]])
def test_a_normalisation_that_is_none_names_those_there_are(value: object) -> None:
    (sentence,) = parse(network(MODULE, normalise=value))[1]

    assert sentence.startswith(f"network.normalise is {'empty' if value is None else value}: write")
    assert "{mean: [...], std: [...]}, or data" in sentence
