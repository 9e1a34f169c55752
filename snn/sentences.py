"""Mistakes of a user, as sentences."""

from __future__ import annotations

from collections.abc import Callable


def caught(field: str, call: Callable[[], object]) -> list[str]:
    """Return the sentence with which ``call`` refuses its input, if it does; it begins with ``field``."""
    try:
        call()
    except (ValueError, OSError) as error:
        text = str(error)
        return [text if text.startswith(field) else f"{field}: {text}"]
    return []
