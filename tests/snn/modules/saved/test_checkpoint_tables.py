from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.saved.checkpoint_tables import put_checkpoint

OTHER = {"weight": torch.ones(2, 3), "bias": torch.ones(2)}


def state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    return nn.Linear(3, 2).state_dict()


def put(tmp_path: Path, contents: Any) -> tuple[list[str], nn.Module]:
    torch.save(contents, tmp_path / "a.pth")
    torch.manual_seed(2)
    module = nn.Linear(3, 2)
    return put_checkpoint(module, tmp_path / "a.pth"), module


@pytest.mark.parametrize(
    ("contents", "notes"),
    [
        (state(), []),
        ({"model": state(), "epoch": 3}, []),
        (
            {"model_ema": OTHER, "model": state()},
            ["the table 'model' is taken; left out: 'model_ema'"],
        ),
        (
            {"state_dict": state(), "state_dict_ema": OTHER, "arch": "x"},
            ["the table 'state_dict' is taken; left out: 'state_dict_ema'"],
        ),
        # those of another network, or of another size
        (
            {"model": {"c": torch.ones(1)}, "net": state()},
            ["the table 'net' is taken; left out: 'model'"],
        ),
        (
            {"model": {"weight": torch.ones(3, 2), "bias": torch.ones(3)}, "net": state()},
            ["the table 'net' is taken; left out: 'model'"],
        ),
        (
            {"net": state(), "model": state()},
            ["the table 'model' is taken; left out: 'net'"],
        ),
        (
            {"net": {f"module.{name}": tensor for name, tensor in state().items()}, "ema": OTHER},
            [
                "the table 'net' is taken; left out: 'ema'",
                "the prefix 'module.' of DataParallel is taken off",
            ],
        ),
    ],
)
def test_the_table_that_is_taken_is_said(tmp_path: Path, contents: Any, notes: list[str]) -> None:
    lines, module = put(tmp_path, contents)
    assert lines == notes
    assert torch.equal(module.state_dict()["weight"], state()["weight"])


@pytest.mark.parametrize("prefix", ["", "module."])
def test_two_tables_with_other_numbers_are_not_chosen_between(tmp_path: Path, prefix: str) -> None:
    other = {prefix + name: tensor for name, tensor in OTHER.items()}
    sentence = "more than once, under 'model' and under 'net', and they differ: save"
    with pytest.raises(ValueError, match=sentence):
        put(tmp_path, {"model": state(), "net": other})
    sparse = {name: tensor.to_sparse() for name, tensor in OTHER.items()}
    with pytest.raises(ValueError, match=sentence):
        put(tmp_path, {"model": state(), "net": sparse})


def test_tables_of_which_none_fits_are_refused_by_the_first(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"does not fit the factory's module \(missing: weight"):
        put(tmp_path, {"model": {"c": torch.ones(1)}, "net": {"d": torch.ones(1)}})
