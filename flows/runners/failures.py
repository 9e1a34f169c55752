"""The failures of work that has begun: not the input is at fault then, or it would have been said before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class WorkError(RuntimeError):
    """Work that had begun and failed: the message of whatever refused to go on."""


@contextmanager
def working() -> Iterator[None]:
    """Turn a refusal or a failed file in the block into a WorkError, with the same sentences."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise WorkError(str(error)) from error
