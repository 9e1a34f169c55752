from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch

from spikeatlas.snn.files import (
    digest_file,
    load_checkpoint,
    load_state,
    read_metadata,
    save_checkpoint,
    save_state,
)

METADATA = {"study": "äöü", "epoch": "0.5", "accuracy": "0.93"}


def make_tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(4, 3, generator=generator)
    return {"weight": weight, "transposed": weight.T, "steps": torch.arange(5)}


def test_checkpoint_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "net.safetensors"
    save_checkpoint(path, make_tensors(), METADATA)
    tensors, metadata = load_checkpoint(path)
    assert metadata == METADATA
    assert read_metadata(path) == METADATA
    assert tensors.keys() == make_tensors().keys()
    for name, tensor in make_tensors().items():
        assert torch.equal(tensors[name], tensor)


def test_anybody_can_read_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, make_tensors(), METADATA)
    with safetensors.safe_open(path, framework="pt") as file:
        assert METADATA.items() <= file.metadata().items()
        assert torch.equal(file.get_tensor("weight"), make_tensors()["weight"])


def test_anybodys_checkpoint_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    safetensors.torch.save_file({"weight": torch.ones(2)}, path)
    tensors, metadata = load_checkpoint(path)
    assert tensors["weight"].tolist() == [1, 1]
    assert metadata == read_metadata(path) == {}


def test_same_contents_give_the_same_bytes(tmp_path: Path) -> None:
    contents = set()
    for count in range(8):
        path = tmp_path / f"{count}.safetensors"
        turned = dict(list(METADATA.items())[:: 1 if count % 2 else -1])
        save_checkpoint(path, make_tensors(), turned)
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_tensors_that_share_memory_are_saved(tmp_path: Path) -> None:
    shared = torch.arange(6.0)
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, {"all": shared, "part": shared[2:4], "again": shared}, {})
    tensors, _ = load_checkpoint(path)
    assert tensors["part"].tolist() == [2, 3]


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, make_tensors(), METADATA)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"net\.safetensors is no readable safetensors file"):
            load_checkpoint(path)


def test_a_flipped_bit_in_the_tensors_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, make_tensors(), METADATA)
    whole = path.read_bytes()
    size = sum(tensor.nbytes for tensor in make_tensors().values())
    for place in range(1, size, 5):
        damaged = bytearray(whole)
        damaged[-place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"net\.safetensors is damaged"):
            load_checkpoint(path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x02" + b"\0" * 7 + b"[]", b"hello"])
def test_reading_metadata_of_rubbish_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rubbish"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="rubbish is no readable safetensors file"):
        read_metadata(path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere"
    for read in (load_checkpoint, read_metadata, load_state, digest_file):
        with pytest.raises(FileNotFoundError, match=r"There is no file .*nowhere"):
            read(path)


def test_state_round_trip(tmp_path: Path) -> None:
    state = {"step": 3, "nested": {"list": [torch.ones(2), "text"], 1: 0.5}}
    save_state(tmp_path / "state.pt", state)
    loaded = load_state(tmp_path / "state.pt")
    assert loaded["step"] == 3
    assert torch.equal(loaded["nested"]["list"][0], torch.ones(2))
    assert loaded["nested"][1] == 0.5


def test_damaged_states_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    save_state(path, {"step": 3, "weight": torch.arange(100.0)})
    whole = path.read_bytes()
    for place in range(0, len(whole), 101):
        flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        for damaged in (whole[:place], flipped):
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match=r"state\.pt is no whole training state"):
                load_state(path)


def test_a_state_cannot_execute_code(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    save_state(path, {"evil": print})
    with pytest.raises(ValueError, match=r"state\.pt holds more than tensors and plain values"):
        load_state(path)


def test_digest_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"spike" * 100_000)
    assert digest_file(path) == hashlib.sha256(b"spike" * 100_000).hexdigest()
