"""Pruning by the length of weights, and at random: which units go, and that no share is out of range."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from spikeatlas.snn.training import CALLBACKS, Prune, TrainingSite
from tests.snn.nets import network, toy_data


class Deaf:
    """A teacher that remembers nothing."""

    def select(self, *_arguments: Any) -> None:
        return


def cut(steps: int = 10, seed: int = 0, **fields: Any) -> dict[str, list[int] | None]:
    """Units that each layer has after the training's steps."""
    built = network()
    with torch.no_grad():
        list(built)[2].operator.weight.mul_(torch.arange(8, 0, -1)[:, None])
    site: Any = TrainingSite(built, Deaf(), toy_data().train, steps, seed)  # type: ignore[arg-type]
    pruning = Prune(**fields).begin(site)
    for step in range(1, steps + 1):
        pruning.after_step(step)
    return {layer.name: None if layer.units is None else layer.units.tolist() for layer in built}


def test_the_shortest_weights_go() -> None:
    assert cut(sparsity=(0, 0, 0.5))["fc1"] == [0, 1, 2, 3]


def test_it_waits_for_its_step() -> None:
    assert cut(steps=4, sparsity=0.5, at=1.0)["fc1"] == [0, 1, 2, 3]
    built = network()
    site: Any = TrainingSite(built, Deaf(), toy_data().train, 10, 0)  # type: ignore[arg-type]
    pruning = Prune(sparsity=0.5, at=0.3).begin(site)
    pruning.after_step(2)
    assert built.sizes["fc1"] == 8
    pruning.after_step(3)
    assert built.sizes["fc1"] == 4


def test_a_seed_s_units_go_at_random() -> None:
    rows = [cut(sparsity=0.5, by="random", seed=seed) for seed in range(4)]
    assert {len(row["fc1"] or ()) for row in rows} == {4}
    assert len({str(row) for row in rows}) > 1
    assert rows[0] == cut(sparsity=0.5, by="random", seed=0)
    assert rows[0]["conv1"] != rows[0]["conv2"] or rows[0]["conv2"] != rows[0]["fc1"]


@pytest.mark.parametrize("sparsity", [1.0, -0.1, (0.5, 1.0), "half"])
def test_a_share_out_of_range(sparsity: Any) -> None:
    with pytest.raises(ValidationError, match="sparsity"):
        CALLBACKS.read({"kind": "prune", "sparsity": sparsity})


def test_no_layer_loses_all() -> None:
    assert all(units for units in cut(sparsity=0.999).values() if units is not None)
