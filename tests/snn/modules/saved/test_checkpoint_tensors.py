from __future__ import annotations

import argparse
import io
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

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


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("archive", [True, False])
def test_either_format_of_torch_is_read_whatever_its_name(
    tmp_path: Path, protocol: int, archive: bool
) -> None:
    for name in ("a.pth", "a.safetensors"):
        torch.save(
            STATE,
            tmp_path / name,
            pickle_protocol=protocol,
            _use_new_zipfile_serialization=archive,
        )
        assert set(read_checkpoint(tmp_path / name).tensors) == set(STATE)


def test_safetensors_of_another_name_are_read(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.bin")
    assert set(read_checkpoint(tmp_path / "a.bin").tensors) == set(STATE)


def written(contents: Any, path: Path) -> None:
    if isinstance(contents, bytes):
        path.write_bytes(contents)
    elif isinstance(contents, Saved):
        contents.write(path)
    else:
        torch.save(contents, path)


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros(3))
    return buffer.getvalue()


class Saved(NamedTuple):
    """Anything that is written with options of torch."""

    contents: Any
    options: dict[str, Any]

    def write(self, path: Path) -> None:
        torch.save(self.contents, path, **self.options)


OTHERS: dict[str, tuple[Any, str]] = {
    **{
        f"pickle {protocol}": (
            pickle.dumps({"a": [1, torch.zeros(2)]}, protocol),
            "is a plain pickle, which only running its code could read; read are .safetensors",
        )
        for protocol in range(6)
    },
    "text": (b"hello\nworld\n", "is text, which begins with 'hello'; read are"),
    "yaml": (b"a: 1\n", "is text, which begins"),
    "npz": (npz(), r"is an archive of numpy \(.npz\); read are"),
    "npy": (b"\x93NUMPY\x01\0", r"is an array of numpy \(.npy\); read are"),
    "keras": (b"\x89HDF\r\n\x1a\n" + bytes(90), "is an HDF5 file, as Keras writes; read are"),
    "gzip": (b"\x1f\x8b\x08" + bytes(90), r"is compressed \(gzip\): unpack it"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid", "is a pointer of Git LFS: get"),
    "html": (b"<!DOCTYPE html><html>404</html>", "is a page of HTML, as a failed download"),
    "protocol 4": (
        Saved(STATE, {"pickle_protocol": 4}),
        "is saved with pickle_protocol=4, .* save",
    ),
    "empty": ({}, "holds an empty table, no tensors; save net.state_dict"),
    "empty table": ({"state_dict": {}}, "holds an empty table"),
    "number": (3, "holds an int, no table of tensors; save net.state_dict"),
    "nothing": (None, "holds None, no table of tensors"),
    "old module": (
        Saved(NET, {"_use_new_zipfile_serialization": False}),
        r"holds whole objects \(torch.nn.modules.linear.Linear\)",
    ),
    "no file": (b"", r"is no readable checkpoint \(it is empty\)"),
    "bytes": (bytes(range(128, 256)), r"is no readable .* \(its first bytes are those of no"),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_else_a_file_may_be_is_said_in_our_words(
    tmp_path: Path, name: str, suffix: str
) -> None:
    contents, sentence = OTHERS[name]
    path = tmp_path / f"a{suffix}"
    written(contents, path)
    with pytest.raises(ValueError, match=rf"^network.checkpoints: .*a{suffix} {sentence}") as error:
        read_checkpoint(path)
    for word in ("weights_only", "Weights only", "trust", "\n"):
        assert word not in str(error.value)


def test_damaged_files_are_no_riddle(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.safetensors")
    torch.save(STATE, tmp_path / "a.pth")
    whole = (tmp_path / "a.pth").read_bytes()
    (tmp_path / "a.pth").write_bytes(whole.replace(b"weight", b"wxight"))
    (tmp_path / "b.safetensors").write_bytes((tmp_path / "a.safetensors").read_bytes()[:40])
    for name in ("a.pth", "b.safetensors"):
        with pytest.raises(ValueError, match=r"no readable checkpoint \(it.* half-written or dam"):
            read_checkpoint(tmp_path / name)
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileNotFoundError, match="folder is a folder, no file"):
        read_checkpoint(tmp_path / "folder")
