"""The failures of work that has begun: not the input is at fault then, or it would have been message before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from spikeatlas.snn.sentences import sentence_of
from spikeatlas.tasks.study.location import store_failure

_TORCH_LACKS_MEMORY = r"DefaultCPUAllocator|CUDA out of memory"
"""What torch, which may not be imported to start a command, says in a plain RuntimeError."""


class WorkError(RuntimeError):
    """Work that had begun and failed: the message of whatever refused to go on."""


@contextmanager
def working() -> Iterator[None]:
    """Turn a refusal, a failed file, a divergence or a lack of memory in the block into a WorkError, in a sentence."""
    try:
        yield
    except (ValueError, OSError, FloatingPointError) as error:
        raise WorkError(sentence_of(error)) from error
    except (MemoryError, RuntimeError) as error:
        sentence = _lack_of_memory(error)
        if sentence is None:
            raise
        raise WorkError(sentence) from error


def known_failure(error: Exception) -> str | None:
    """Return a sentence for a lack of memory or a store that fails; None for anything else."""
    return _lack_of_memory(error) or store_failure(error)


def _lack_of_memory(error: Exception) -> str | None:
    """Return a sentence for a lack of memory, Python's or torch's; None for anything else."""
    message = " ".join(str(error).split())
    if not isinstance(error, MemoryError) and not re.search(_TORCH_LACKS_MEMORY, message):
        return None
    size = re.search(r"allocate (\d+) bytes", message)
    reason = f"{int(size[1]) / 1e9:,.1f} GB at once" if size else message or "no more is to be had"
    return (
        f"memory ran out ({reason}): what is done is kept; run the same command again to go on, with fewer "
        "runner.workers, a smaller responder.memory or responder.batch_size, fewer images to search with, or a smaller "
        "network"
    )
