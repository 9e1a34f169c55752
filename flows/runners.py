"""Task runners by name, and submitting to them so that nothing is lost from sight."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from prefect import Task
from prefect.futures import PrefectFuture, as_completed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.study import RunnerSpec
from tasks.stopping import ask_to_stop

log = logging.getLogger("spikeatlas")

submitted: list[UUID] = []
"""Ids of all task runs this process has submitted: what the server must have recorded at the end."""


def make_runner(spec: RunnerSpec) -> TaskRunner[Any]:
    """The task runner of a study; always bounded (Prefect's default number of threads is not)."""
    return ThreadPoolTaskRunner(max_workers=spec.workers)


def submit(task: Task[Any, Any], *arguments: Any) -> PrefectFuture[Any]:
    """Submit one task run and remember it."""
    future = task.submit(*arguments)
    submitted.append(future.task_run_id)
    return future


def gather(futures: Sequence[PrefectFuture[Any]]) -> None:
    """Wait for all; raise the first failure when all have ended."""
    with stopping_if_interrupted():
        for future in futures:
            future.wait()
    for future in futures:
        future.result()


def settle(
    futures: Sequence[PrefectFuture[Any]], ended: Callable[[int, BaseException | None], None]
) -> None:
    """Call ``ended(i, error or None)`` as each future ends, in the order they end."""
    places = {future.task_run_id: i for i, future in enumerate(futures)}
    with stopping_if_interrupted():
        for future in as_completed(list(futures)):
            outcome = future.result(raise_on_failure=False)
            ended(
                places[future.task_run_id], outcome if isinstance(outcome, BaseException) else None
            )


@contextmanager
def stopping_if_interrupted() -> Iterator[None]:
    """On Ctrl-C or SIGTERM let the running tasks stop too, before the runner waits for them."""
    try:
        yield
    except BaseException:
        ask_to_stop()
        raise
