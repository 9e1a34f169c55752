"""The failures of work that has begun: not the input is at fault then, or it would have been said before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from spikeatlas.snn.sentences import sentence_of
from spikeatlas.tasks.study.location import store_failure


class WorkError(RuntimeError):
    """Work that had begun and failed: the message of whatever refused to go on."""


@contextmanager
def working() -> Iterator[None]:
    """Turn a refusal, a failed file, a divergence or a lack of memory in the block into a WorkError, in a sentence."""
    try:
        yield
    except (ValueError, OSError, FloatingPointError) as error:
        raise WorkError(sentence_of(error)) from error
    except MemoryError as error:
        raise WorkError(_lack_of_memory(error)) from error


def known_failure(error: Exception) -> str | None:
    """Return a sentence for a lack of memory or a store that fails; None for anything else."""
    return _lack_of_memory(error) if isinstance(error, MemoryError) else store_failure(error)


def _lack_of_memory(error: MemoryError) -> str:
    reason = " ".join(str(error).split()) or "no more is to be had"
    return (
        f"memory ran out ({reason}): what is done is kept; run the same command again to go on, with fewer "
        "runner.workers, a smaller responder.memory or responder.batch_size, or fewer images to search with"
    )
