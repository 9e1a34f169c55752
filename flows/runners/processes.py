"""A pool of worker processes that outlives the flow runs which use it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from prefect.task_runners import ProcessPoolTaskRunner

from spikeatlas.tasks.workers.process import start_worker


class KeptPool(ProcessPoolTaskRunner):
    """Prefect's process pool, started once for all stages of a study.

    Prefect starts a runner anew for each flow run, and a new process takes seconds to import torch and
    has nothing loaded. Entering and leaving this one does nothing; ``kept`` starts and ends it.
    """

    def __init__(self, workers: int) -> None:
        """So many processes, of one torch thread each."""
        # not an Event: setting one waits for all who wait for it, also for a process that was killed
        stopped, self._stop = multiprocessing.Pipe(duplex=False)
        super().__init__(workers, initializer=start_worker, initargs=(stopped,))

    def duplicate(self) -> Self:
        """Itself."""
        return self

    def __enter__(self) -> Self:
        # what is submitted from now on belongs to the flow run that enters
        self._cached_context = None
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __reduce__(self) -> tuple[Any, ...]:
        # each task is sent its flow, and with it the runner: a description, for processes cannot travel
        return ProcessPoolTaskRunner, (self._max_workers,)

    def cancel_all(self) -> None:
        """Let running tasks stop at their next safe point, drop the others, and end the processes."""
        self._stop.close()
        super().cancel_all()

    @contextmanager
    def kept(self) -> Iterator[Self]:
        """The started pool; its processes end with the block, and running tasks stop if that is left early."""
        nothing: Any = None
        super().__enter__()
        try:
            yield self
        finally:
            super().__exit__(nothing, nothing, nothing)
