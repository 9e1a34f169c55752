"""True and false where a number belongs: pydantic takes them for 1 and 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def truth_problems(raw: Mapping[str, Any], parsed: object) -> list[str]:
    """Name the fields of ``raw`` that hold true or false and became numbers in ``parsed``."""
    return [
        f"{path}: {str(value).lower()} is not allowed; it should be a number"
        for path, value in _numbers(raw, parsed, "")
    ]


def _numbers(raw: object, parsed: object, path: str) -> Iterator[tuple[str, bool]]:
    """Yield path and value of every truth value that was parsed to a number."""
    if isinstance(raw, bool):
        if isinstance(parsed, int | float) and not isinstance(parsed, bool):
            yield path, raw
    elif isinstance(raw, Mapping):
        for name, inner in raw.items():
            yield from _numbers(inner, _member(parsed, name), f"{path}.{name}".lstrip("."))
    elif isinstance(raw, list) and isinstance(parsed, Sequence) and len(raw) == len(parsed):
        for place, (inner, value) in enumerate(zip(raw, parsed, strict=True)):
            yield from _numbers(inner, value, f"{path}.{place}")


def _member(parsed: object, name: object) -> object:
    if isinstance(parsed, Mapping):
        return parsed.get(name)
    return getattr(parsed, name, None) if isinstance(name, str) else None
