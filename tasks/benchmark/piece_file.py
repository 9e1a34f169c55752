"""The small text file that a finished piece of a comparison leaves: numbers, from which tables are made on any machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from spikeatlas.snn.atomic import write_atomically

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Numbers = TypeVar("Numbers")


def read_piece(path: Path, form: type[Numbers]) -> Numbers | None:
    """Return the numbers in a file; None where there are none, or others' than this version's."""
    try:
        return form(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_piece(path: Path, piece: DataclassInstance) -> None:
    """Write the numbers of a piece; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(piece), separators=(",", ":"))
    write_atomically(path, f"{text}\n".encode())
