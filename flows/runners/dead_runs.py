"""Runs whose process died without a word: what the lock of their folder proves dead is closed on Prefect's page.

A process that is killed, or whose host dies, leaves its flow run, the subflows and the task runs as running for ever;
Prefect has nobody who knows better. Here somebody does: whoever holds the lock of a folder (``coordinator``). Each
run notes itself beside that lock and takes the note back when it ends, so a note that is found is of a dead run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterParentFlowRunId,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

log = logging.getLogger("spikeatlas")

NOTE = ".flow-runs"
"""The file beside the lock: ids of flow runs, one a line, the latest last."""

REMEMBERED = 20
"""Most runs of other servers that are kept in it."""

AT_WORK = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING, StateType.SCHEDULED]
"""States of which a dead run is relieved."""


@contextmanager
def on_record(folder: Path) -> Iterator[None]:
    """Note the flow run at work in ``folder``, whose lock this process holds, until the block ends.

    Runs that are noted there already died: they are closed as crashed, with all below them, where this server knows
    them; others are left to a run that uses their server.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        yield
        return
    this = context.flow_run.id
    strangers = [run for run in _noted(folder) if not _close(run, this)][-REMEMBERED:]
    _note(folder, [*strangers, this])
    try:
        yield
    finally:
        _note(folder, strangers)


def _noted(folder: Path) -> list[UUID]:
    try:
        return [UUID(line) for line in (folder / NOTE).read_text().split()]
    except (FileNotFoundError, ValueError):
        return []


def _note(folder: Path, runs: list[UUID]) -> None:
    (folder / NOTE).write_text("".join(f"{run}\n" for run in runs))


def _close(dead: UUID, this: UUID) -> bool:
    """Close a dead run; False where this server does not know it. A run that is tried again is dead but for itself."""
    with get_client(sync_client=True) as client:
        try:
            run = client.read_flow_run(dead)
        except ObjectNotFound:
            return False
        end: State[Any] = Crashed(
            message="Its process ended without a word: a later run holds the lock of its folder."
        )
        _close_below(client, dead, end)
        if dead != this and _at_work(run):
            client.set_flow_run_state(dead, end)
            log.info(f"closed as crashed: {run.name}, whose process is gone")
    return True


def close_below(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - Prefect names them
    """Close what a crashed flow run leaves at work: a hook, which a worker calls when the run's process is gone."""
    with get_client(sync_client=True) as client:
        _close_below(client, flow_run.id, Crashed(message="The process of its flow run ended."))


def _close_below(client: SyncPrefectClient, flow_run: UUID, end: State[Any]) -> None:
    """Close the subflows of a flow run, and the task runs of both."""
    parent = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[flow_run]))
    for subflow in client.read_flow_runs(flow_run_filter=parent):
        _close_below(client, subflow.id, end)
        if _at_work(subflow):
            client.set_flow_run_state(subflow.id, end)
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
    at_work = TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=AT_WORK)))
    while tasks := client.read_task_runs(flow_run_filter=of_run, task_run_filter=at_work):
        for task in tasks:
            client.set_task_run_state(task.id, end, force=True)


def _at_work(run: FlowRun) -> bool:
    return run.state is None or not run.state.is_final()
