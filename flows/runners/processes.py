"""A pool of worker processes that outlives the flow runs which use it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self, cast

from prefect.task_runners import ProcessPoolTaskRunner

from spikeatlas.tasks.workers.process import start_worker
from spikeatlas.tasks.workers.showings import make_counts, use_counts

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor


class KeptPool(ProcessPoolTaskRunner):
    """Prefect's process pool, started once for all stages of a study.

    Prefect starts a runner anew for each flow run, and a new process takes seconds to import torch and
    has nothing loaded. Entering and leaving this one does nothing; ``kept`` starts and ends it.
    """

    def __init__(self, workers: int, *, in_terminal: bool = False) -> None:
        """So many processes, of one torch thread each; ``in_terminal``: their log lines stand there too."""
        # not an Event: setting one waits for all who wait for it, also for a process that was killed
        stopped, self._stop = multiprocessing.Pipe(duplex=False)
        counts = make_counts()
        use_counts(counts)
        start = partial(start_worker, in_terminal=in_terminal)
        super().__init__(workers, initializer=start, initargs=(stopped, counts))

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
        """The pool, started unless it is; its processes end with the block, and running tasks stop if that is left early."""
        if not self._started:
            super().__enter__()
            for _ in range(self._max_workers):
                # each asks for one more process, which loads what its first task will need
                cast("ProcessPoolExecutor", self._executor).submit(load_units)
        try:
            yield self
        finally:
            self._end()

    def _end(self) -> None:
        nothing: Any = None
        if self._started:
            super().__exit__(nothing, nothing, nothing)


def load_units() -> None:
    """Import the units of work, which takes a process some seconds."""
    import spikeatlas.tasks.units  # noqa: F401, PLC0415 - in the process that this is called in
