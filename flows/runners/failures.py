"""The failures of work that has begun: not the input is at fault then, or it would have been said before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from spikeatlas.snn.sentences import sentence_of


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
        reason = " ".join(str(error).split()) or "no more is to be had"
        message = (
            f"memory ran out ({reason}): what is done is kept; run the same command again to go on, with fewer "
            "runner.workers, or a smaller responder.memory or responder.batch_size"
        )
        raise WorkError(message) from error
