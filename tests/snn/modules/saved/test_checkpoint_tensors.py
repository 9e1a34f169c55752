from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from spikeatlas.snn.modules.saved.checkpoint_tensors import read_checkpoint

NET = nn.Linear(3, 2)
STATE = NET.state_dict()


class Unsafe:
    """Executes code when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return Path.touch, (Path("executed"),)  # type: ignore[return-value]


READABLE: dict[str, Any] = {
    "state_dict": STATE,
    "model_state_dict": {"model_state_dict": STATE, "optimizer": {"lr": 0.1}, "epoch": 3},
    "lightning": {"state_dict": STATE, "global_step": 938, "hyper_parameters": {"lr": 0.1}},
    "spikingjelly": {"model": STATE, "args": argparse.Namespace(T=4), "max_test_acc1": 0.9},
    "numpy": {"net": STATE, "acc": np.float64(0.75), "loss": np.float32(0.5)},
    "nested": {"network": STATE, "accuracy": torch.tensor(0.5)},
}


@pytest.mark.parametrize("name", READABLE)
def test_files_of_training_scripts_are_read(tmp_path: Path, name: str) -> None:
    torch.save(READABLE[name], tmp_path / "a.pth")
    stored = read_checkpoint(tmp_path / "a.pth")
    assert {key: tensor.tolist() for key, tensor in stored.tensors.items()} == {
        key: tensor.tolist() for key, tensor in STATE.items()
    }


@pytest.mark.parametrize(
    ("name", "accuracy", "loss", "step"),
    [
        ("state_dict", math.nan, math.nan, -1),
        ("lightning", math.nan, math.nan, 938),
        ("spikingjelly", 0.009, math.nan, -1),
        ("numpy", 0.75, 0.5, -1),
        ("nested", 0.5, math.nan, -1),
    ],
)
def test_what_a_file_says_of_itself(
    tmp_path: Path, name: str, accuracy: float, loss: float, step: int
) -> None:
    torch.save(READABLE[name], tmp_path / "a.pth")
    stored = read_checkpoint(tmp_path / "a.pth")
    assert [stored.accuracy, stored.loss, stored.step] == pytest.approx(
        [accuracy, loss, step], nan_ok=True
    )


def test_safetensors_with_their_strings(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.safetensors", {"accuracy": "71.5", "step": "12", "loss": "x"})
    stored = read_checkpoint(tmp_path / "a.safetensors")
    assert (stored.accuracy, stored.step) == (0.715, 12)
    assert math.isnan(stored.loss)
    assert set(stored.tensors) == set(STATE)


def test_whole_modules_are_refused_with_the_names_of_their_objects(tmp_path: Path) -> None:
    torch.save({"model": NET, "args": argparse.Namespace()}, tmp_path / "a.pth")
    sentence = r"holds whole objects \(.*torch.nn.modules.linear.Linear.*\).*save net.state_dict\(\) instead"
    with pytest.raises(ValueError, match=sentence) as error:
        read_checkpoint(tmp_path / "a.pth")
    assert "Namespace" not in str(error.value)


def test_no_code_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"model": STATE, "more": Unsafe()}, tmp_path / "a.pth")
    with pytest.raises(ValueError, match="holds whole objects"):
        read_checkpoint(tmp_path / "a.pth")
    assert not (tmp_path / "executed").exists()


def test_every_load_asks_for_weights_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []
    load = torch.load

    def watched(*values: Any, **options: Any) -> Any:
        calls.append(options)
        return load(*values, **options)

    monkeypatch.setattr(torch, "load", watched)
    torch.save(STATE, tmp_path / "a.pth")
    read_checkpoint(tmp_path / "a.pth")
    assert [call["weights_only"] for call in calls] == [True]


@pytest.mark.filterwarnings(
    "ignore:.*torch.jit:FutureWarning", "ignore:.*torch.jit:DeprecationWarning"
)
def test_torchscript_archives_are_refused(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(NET, torch.zeros(1, 3)), tmp_path / "a.pt")
    with pytest.raises(ValueError, match="is a TorchScript archive"):
        read_checkpoint(tmp_path / "a.pt")


@pytest.mark.parametrize("length", [0, 10, 500])
def test_half_written_files(tmp_path: Path, length: int) -> None:
    torch.save(STATE, tmp_path / "a.pth")
    (tmp_path / "a.pth").write_bytes((tmp_path / "a.pth").read_bytes()[:length])
    with pytest.raises(ValueError, match=r"a.pth is no readable checkpoint"):
        read_checkpoint(tmp_path / "a.pth")


def test_a_file_without_tensors_lists_its_keys(tmp_path: Path) -> None:
    torch.save({"weights": STATE, "epoch": 3}, tmp_path / "a.pth")
    with pytest.raises(
        ValueError, match=r"its keys are weights, epoch; expected are .* state_dict,"
    ):
        read_checkpoint(tmp_path / "a.pth")


def test_other_contents_and_missing_files(tmp_path: Path) -> None:
    torch.save([1], tmp_path / "a.pth")
    with pytest.raises(ValueError, match="holds a list"):
        read_checkpoint(tmp_path / "a.pth")
    with pytest.raises(FileNotFoundError, match=r"b\.pth"):
        read_checkpoint(tmp_path / "b.pth")
