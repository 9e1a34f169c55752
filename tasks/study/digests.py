"""Names that follow from what a thing is made of: digests and seeds."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import TypeAdapter


def seed_of(study_seed: int, *names: str | float) -> int:
    """Return a seed in [0, 2^63) that depends on the names alone, never on a place in a block.

    Numbers count by value: epoch 2 and epoch 2.0 are one.
    """
    text = json.dumps(
        [study_seed, *(name if isinstance(name, str) else float(name) for name in names)]
    )
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def json_values(value: object) -> Any:
    """Return a specification as JSON values."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def digest(value: object) -> str:
    """Return the SHA-256 (hex) of JSON values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
