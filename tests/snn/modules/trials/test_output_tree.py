from __future__ import annotations

from typing import Any

import pytest
import torch

from spikeatlas.snn.modules.trials.output_tree import (
    described,
    output_keys,
    output_name,
    part_of,
    shape_tree,
    tensor_keys,
)

SPIKES, MEMBRANES = torch.zeros(5, 2, 10), torch.ones(2, 10)
OUTPUT: dict[str, Any] = {"spk": SPIKES, "more": [None, (MEMBRANES, "word")], "3": torch}


def test_tensors_are_led_to_by_their_keys() -> None:
    tree = shape_tree(OUTPUT)
    assert tree == {"spk": (5, 2, 10), "more": ["None", [(2, 10), "a str"]], "3": "a module"}
    assert list(tensor_keys(tree)) == [("spk",), ("more", "1", "0")]
    assert part_of(OUTPUT, ("more", "1", "0")) is MEMBRANES
    assert part_of(tree, ("more", "1", "0")) == (2, 10)
    assert part_of(OUTPUT, ()) is OUTPUT
    assert part_of(OUTPUT, ("more", "2")) is part_of(OUTPUT, ("spk", "0")) is None


@pytest.mark.parametrize("keys", [(), ("1",), ("spk",), ("more", "1", "0")])
def test_names_are_read_as_they_are_written(keys: tuple[str, ...]) -> None:
    assert output_keys(output_name(keys)) == keys


def test_names_that_are_none() -> None:
    assert output_keys("output['spk']") == ("spk",)
    for name in ("spk", "output.spk", "output[", "output[]", "outputs[1]"):
        assert output_keys(name) is None


def test_outputs_are_said_in_a_line() -> None:
    assert described(shape_tree(OUTPUT)) == (
        "for two images it returns output[spk] of shape (5, 2, 10), output[more][1][0] of shape (2, 10)"
    )
    assert described((2, 10)) == "for two images it returns a tensor of shape (2, 10)"
    assert described(shape_tree(torch)) == "it returns a module"
    assert described([]) == "it returns no tensor"
    assert described([(2,)] * 10).endswith("output[7] of shape (2,) and 2 more")
