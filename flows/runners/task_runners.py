"""Task runners by name, and submitting to them so that nothing is lost from sight."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, NamedTuple
from uuid import UUID

from prefect import Task
from prefect.futures import PrefectFuture, as_completed
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from spikeatlas.flows.runners.choice import Choice, choose
from spikeatlas.flows.runners.cluster import cluster
from spikeatlas.flows.runners.processes import KeptPool
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers.opaque import Opaque
from spikeatlas.tasks.workers.stopping import ask_to_stop

log = logging.getLogger("spikeatlas")

_submissions: ContextVar[list[UUID] | None] = ContextVar("submissions", default=None)


class Early(NamedTuple):
    """The runner that was chosen for a run before its flow began."""

    choice: Choice
    pool: KeptPool | None
    """Started; None where it has no processes."""


_early: ContextVar[Early | None] = ContextVar("early", default=None)


class WorkerLost(RuntimeError):  # noqa: N818 - named for what happened
    """A worker process ended that nobody had asked to: the message says what to do."""


@contextmanager
def submissions() -> Iterator[list[UUID]]:
    """Yield the ids of all task runs submitted in the block: what the server must have recorded at the end."""
    task_runs: list[UUID] = []
    token = _submissions.set(task_runs)
    try:
        yield task_runs
    finally:
        _submissions.reset(token)


@contextmanager
def workers(run: Run) -> Iterator[TaskRunner[Any]]:
    """Yield the task runner of a run, for every flow run in the block; its processes end with the block.

    Always bounded (Prefect's default number of threads is not). One line says which it is, and why.
    """
    choice, early = _early.get() or Early(choose(run), None)
    log.info(str(choice))
    if choice.kind == "threads":
        yield ThreadPoolTaskRunner(max_workers=choice.workers)
    elif choice.kind == "processes":
        with (early or KeptPool(choice.workers)).kept() as pool:
            yield pool
    else:
        from prefect_dask.task_runners import DaskTaskRunner  # noqa: PLC0415 - an optional package

        with cluster(choice.workers, run.study.runner.address) as address:
            yield DaskTaskRunner(address=address)


@contextmanager
def early_processes(run: Run) -> Iterator[None]:
    """Choose the runner that ``workers`` will yield in the block, and start its processes: they load what they need meanwhile."""
    choice = choose(run)
    processes = choice.kind == "processes"
    pool = KeptPool(choice.workers, in_terminal=True) if processes else None
    token = _early.set(Early(choice, pool))
    try:
        with nullcontext() if pool is None else pool.kept():
            yield
    finally:
        _early.reset(token)


@contextmanager
def quiet_subflows() -> Iterator[None]:
    """Let only the flow run that is at work beat, not those below it: each would wait a second for its last beat."""
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def submit(task: Task[Any, Any], *arguments: Any) -> PrefectFuture[Any]:
    """Submit one task run, and add it to the submissions."""
    # Prefect would look through every field of a run for futures, with each task run
    opaque = [Opaque(value) if isinstance(value, Run) else value for value in arguments]
    future = task.submit(*opaque)
    task_runs = _submissions.get()
    if task_runs is not None:
        task_runs.append(future.task_run_id)
    return future


def gather(futures: Sequence[PrefectFuture[Any]]) -> None:
    """Wait for all; raise the first failure when all have ended."""
    with stopping_if_interrupted(), naming_lost_workers():
        for future in futures:
            future.wait()
        for future in futures:
            future.result()


def settle(futures: Sequence[PrefectFuture[Any]], on_end: Callable[[int, Any], None]) -> None:
    """Call ``on_end(index, result or error)`` as each future ends, in the order they end."""
    indices = {future.task_run_id: i for i, future in enumerate(futures)}
    with stopping_if_interrupted(), naming_lost_workers():
        for future in as_completed(list(futures)):
            on_end(indices[future.task_run_id], outcome(future))


def outcome(future: PrefectFuture[Any]) -> Any:
    """Return the result of an ended task run, or its error; a runner may lose one that Prefect never heard the end of."""
    try:
        return future.result(raise_on_failure=False)
    except BrokenProcessPool:
        raise
    except Exception as error:  # noqa: BLE001 - each runner has its own
        return error


@contextmanager
def naming_lost_workers() -> Iterator[None]:
    """Say what to do when a pool has lost a process: it takes no more work."""
    try:
        yield
    except BrokenProcessPool as error:
        message = (
            "a worker process ended by itself (killed, or out of memory?): what is done is kept; "
            "run the same command again to go on, with fewer runner.workers if memory is short"
        )
        raise WorkerLost(message) from error


@contextmanager
def stopping_if_interrupted() -> Iterator[None]:
    """On Ctrl-C or SIGTERM let the running tasks stop too, before the runner waits for them."""
    try:
        yield
    except BaseException:
        ask_to_stop()
        raise
