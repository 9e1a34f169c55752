"""Tensors of checkpoint files, read without executing code, and what the file says of itself."""

from __future__ import annotations

import argparse
import math
import pickle
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.files import load_checkpoint
from spikeatlas.snn.modules.saved.file_formats import READ, format_of
from spikeatlas.snn.sentences import kind_of

TABLES = ("state_dict", "model_state_dict", "model", "net", "network", "params")
"""Names under which files of training scripts have their table of tensors."""

_SHARES = ("accuracy", "acc", "test_accuracy", "test_acc", "val_accuracy", "val_acc", "best_acc")
# always per cent, as SpikingJelly's trainer writes them
_PERCENTAGES = ("max_test_acc1", "test_acc1", "acc1")
_ACCURACY = (*_SHARES, *_PERCENTAGES)
_LOSS = ("loss", "test_loss", "val_loss")
_EXPECTED_WARNINGS = (
    "Detected pickle protocol",
    "Validating sparse tensor",
    "TypedStorage is deprecated",
    "torch.quantize_per_tensor",
)
_STEP = ("step", "global_step")
# SpikingJelly's trainer keeps the arguments of its command line, other scripts an accuracy as numpy's number
_PLAIN: list[Any] = [argparse.Namespace, np.dtype]
_PLAIN += [
    type(np.dtype(name)) for name in ("float64", "float32", "float16", "int64", "int32", "bool")
]
_PLAIN += [
    (np.float64(0).__reduce__()[0], f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")
]


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint file, read."""

    tensors: Mapping[str, Tensor]
    """By the names that the file has them under."""
    accuracy: float = math.nan
    """Accuracy that the file records, 0 to 1; NaN where it records none."""
    loss: float = math.nan
    """Loss that the file records; NaN where it records none."""
    step: int = -1
    """Training steps that the file records; -1 where it records none."""
    tables: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)
    """All tables of tensors by their names in the file; none where the file is the table itself."""


def read_checkpoint(path: Path) -> StoredCheckpoint:
    """Read a safetensors file, or what torch.save wrote, whatever its name; no code in it is executed.

    FileNotFoundError where there is none; ValueError, one sentence, for a damaged file, one of another format, one that
    holds whole objects, and one without a table of tensors.
    """
    try:
        return _read(path)
    except (ValueError, FileNotFoundError) as error:
        raise type(error)(f"network.checkpoints: {error}") from None


def _read(path: Path) -> StoredCheckpoint:
    if not path.is_file():
        what = "is a folder, no file" if path.is_dir() else "is not there"
        raise FileNotFoundError(f"{path} {what}: check the path.")
    kind, words = format_of(path)
    if kind == "other":
        raise ValueError(f"{path} is {words}; {READ}.")
    if kind == "broken":
        raise _damage(path, words)
    if kind == "safetensors":
        tensors, metadata = _safetensors(path)
        return _stored(tensors, metadata)
    contents = _load(path)
    return _stored(_tensors(path, contents), contents)


def _damage(path: Path, words: str) -> ValueError:
    return ValueError(
        f"{path} is no readable checkpoint ({words}): is it half-written or damaged? Copy it anew."
    )


def _safetensors(path: Path) -> tuple[Mapping[str, Tensor], Mapping[str, str]]:
    try:
        tensors, metadata = load_checkpoint(path)
    except ValueError:
        raise _damage(path, "it begins like a safetensors file") from None
    if not tensors:
        raise ValueError(f"{path} holds no tensors; save net.state_dict().")
    return tensors, metadata


def _load(path: Path) -> Mapping[str, Any]:
    """Read what torch.save wrote, as plain values."""
    try:
        with (
            torch.serialization.safe_globals(_PLAIN),
            warnings.catch_warnings(),
            path.open("rb") as file,
        ):
            # files of protocol 3 are read all the same; sparse and quantised tensors are refused in our own words
            for start in _EXPECTED_WARNINGS:
                warnings.filterwarnings("ignore", start, UserWarning)
            contents = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refusal(path, error) from None
    except Exception:  # noqa: BLE001 - damaged bytes can make it raise anything
        raise _damage(path, "it begins like a file of torch.save") from None
    if not isinstance(contents, Mapping):
        raise ValueError(  # noqa: TRY004 - what is wrong is the file
            f"{path} holds {kind_of(contents)}, no table of tensors; save net.state_dict()."
        )
    return contents


def _refusal(path: Path, error: Exception) -> ValueError:
    """Say which objects a file holds, and how to save what is needed."""
    objects = _objects(path, error)
    if not objects:
        return _damage(path, "it begins like a file of torch.save")
    return ValueError(
        f"{path} holds whole objects ({_listed(objects)}), which only running their code could read: save "
        "net.state_dict() instead of the module."
    )


def _objects(path: Path, error: Exception) -> list[str]:
    """Names of the classes and functions that a file needs, but for the plain ones."""
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # noqa: BLE001 - a damaged pickle can raise anything, and the oldest format is not read
        names = re.findall(r"GLOBAL ([\w.]+)", str(error))
    plain = {f"{item.__module__}.{item.__name__}" for item in _PLAIN if isinstance(item, type)}
    plain |= {item[1] for item in _PLAIN if isinstance(item, tuple)}
    return [name for name in names if name not in plain]


def _tensors(path: Path, contents: Mapping[str, Any]) -> Mapping[str, Tensor]:
    """Find the table of tensors: the file itself, or under the first of ``TABLES``."""
    if is_table(contents):
        return contents
    for name in TABLES:
        if is_table(contents.get(name)):
            return contents[name]
    if not contents or any(contents.get(name) == {} for name in TABLES):
        raise ValueError(f"{path} holds an empty table, no tensors; save net.state_dict().")
    raise ValueError(
        f"{path} has no table of tensors: its keys are {_listed(map(str, contents))}; expected are the tensors "
        f"themselves, or one of {', '.join(TABLES)}."
    )


def is_table(value: object) -> bool:
    """Tell whether a value is a table of tensors, as ``state_dict`` returns."""
    return (
        isinstance(value, Mapping)
        and len(value) > 0
        and all(isinstance(item, Tensor) for item in value.values())
    )


def _stored(tensors: Mapping[str, Tensor], table: Mapping[str, Any]) -> StoredCheckpoint:
    name, accuracy = _number(table, _ACCURACY)
    if accuracy > 1 or name in _PERCENTAGES:
        accuracy /= 100
    step = _number(table, _STEP)[1]
    return StoredCheckpoint(
        tensors,
        accuracy=accuracy if 0 <= accuracy <= 1 else math.nan,
        loss=_number(table, _LOSS)[1],
        step=-1 if math.isnan(step) else int(step),
        tables={str(key): value for key, value in table.items() if is_table(value)},
    )


def _number(table: Mapping[str, Any], names: Iterable[str]) -> tuple[str, float]:
    """Return the first of some names that has a finite number, and the number; NaN where none has."""
    for name in names:
        value = table.get(name)
        try:
            number = float(value) if value is not None else math.nan
        except (TypeError, ValueError, RuntimeError):
            continue
        if math.isfinite(number):
            return name, number
    return "", math.nan


def _listed(names: Iterable[str], most: int = 8) -> str:
    items = list(names)
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
