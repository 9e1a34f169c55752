"""Mistakes of a user, as sentences."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable


def caught(field: str, call: Callable[[], object]) -> list[str]:
    """Return the sentence with which ``call`` refuses its input, if it does; it begins with ``field``."""
    try:
        call()
    except (ValueError, OSError) as error:
        text = str(error)
        return [text if text.startswith(field) else f"{field}: {text}"]
    return []


def near(name: str, names: Iterable[str]) -> str:
    """Hint at the names that look like ``name``; empty where none does."""
    close = difflib.get_close_matches(name, list(names), n=2, cutoff=0.5)
    return f" (did you mean {' or '.join(close)}?)" if close else ""
