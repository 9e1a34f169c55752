"""Files of tensors that load without executing code, are never half-written, and notice damage.

A checkpoint is a safetensors file: tensors and a flat table of strings. The same contents give the
same bytes (the header is sorted), so that a resumed training can be compared with an uninterrupted
one.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from spikeatlas.snn.atomic import write_atomically

# Checkpoints of ours carry the digest of their tensors: safetensors alone sees only a wrong length.
_DIGEST_KEY = "tensors_sha256"
_LENGTH_BYTES = 8
_DAMAGE = "copy it anew from where it came; what a run trained itself, it makes again when it is moved away."


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write named tensors and a table of strings to ``path`` (safetensors), whole or not at all."""
    plain = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    raw = safetensors.torch.save(plain)
    header, data = _split(raw)
    header["__metadata__"] = {**metadata, _DIGEST_KEY: hashlib.sha256(data).hexdigest()}
    write_atomically(path, _join(header, data))


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read (tensors, metadata) of a safetensors file, ours or anybody's.

    FileNotFoundError where there is none; ValueError for a truncated or damaged file.
    """
    raw = _read(path)
    try:
        tensors = safetensors.torch.load(raw)
        header, data = _split(raw)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ValueError(f"{path} is no readable safetensors file ({error}): {_DAMAGE}") from None
    metadata = dict(header.get("__metadata__", {}))
    digest = metadata.pop(_DIGEST_KEY, None)
    if digest is not None and digest != hashlib.sha256(data).hexdigest():
        raise ValueError(f"{path} is damaged (its tensors do not match its digest): {_DAMAGE}")
    return tensors, metadata


def read_metadata(path: Path) -> dict[str, str]:
    """Read a safetensors file's table of strings without its tensors; errors as load_checkpoint."""
    _require(path)
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        # a damaged length must not make us ask for exabytes
        text = file.read(min(length, path.stat().st_size))
    try:
        metadata = dict(json.loads(text).get("__metadata__", {}))
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"{path} is no readable safetensors file ({error}): {_DAMAGE}") from None
    metadata.pop(_DIGEST_KEY, None)
    return metadata


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write a training state (nested dicts, lists, tensors, plain values), whole or not at all."""
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    data = buffer.getvalue()
    write_atomically(path, hashlib.sha256(data).digest() + data)


def load_state(path: Path) -> dict[str, Any]:
    """Read what save_state wrote; FileNotFoundError where there is none, ValueError for damage."""
    raw = _read(path)
    digest, data = raw[: hashlib.sha256().digest_size], raw[hashlib.sha256().digest_size :]
    # unpickling damaged bytes can raise anything, so they are not unpickled
    if digest != hashlib.sha256(data).digest():
        raise ValueError(f"{path} is no whole training state of ours: {_DAMAGE}")
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ValueError(f"{path} holds more than tensors and plain values: {_DAMAGE}") from None
    return state


def is_made(path: Path, identity: Mapping[str, str]) -> bool:
    """Say if ``path`` is a whole file of ours whose metadata hold ``identity``: made by the same arguments."""
    try:
        _, metadata = load_checkpoint(path)
    except (FileNotFoundError, ValueError):
        return False
    return identity.items() <= metadata.items()


def digest_file(path: Path) -> str:
    """Return the sha256 of the file's bytes, in hex."""
    _require(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> bytes:
    _require(path)
    return path.read_bytes()


def _require(path: Path) -> None:
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: check the path, or train it first.")


def _split(raw: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(raw[:_LENGTH_BYTES], "little")
    end = _LENGTH_BYTES + length
    return json.loads(raw[_LENGTH_BYTES:end]), raw[end:]


def _join(header: Mapping[str, Any], data: bytes) -> bytes:
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    # safetensors pads its header so that the tensors start at a multiple of eight
    text += b" " * (-len(text) % _LENGTH_BYTES)
    return len(text).to_bytes(_LENGTH_BYTES, "little") + text + data
