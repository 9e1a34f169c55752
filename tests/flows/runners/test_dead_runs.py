"""Runs whose process died: closed, with all below them, by whoever holds the lock of their folder next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect import flow, task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Failed, Running

from spikeatlas.flows.runners.dead_runs import NOTE, close_below, on_record


@flow
def study() -> None:
    """A run of a study, or a stage of it."""


@task
def block() -> None:
    """A unit of work."""


@flow
def later(folder: Path) -> str:
    """The next run in a folder; what is noted while it works."""
    with on_record(folder):
        return (folder / NOTE).read_text()


@pytest.fixture
def client(api: str) -> Iterator[SyncPrefectClient]:
    """The server's client, in this process as the one of Prefect."""
    with temporary_settings({PREFECT_API_URL: api}), get_client(sync_client=True) as client:
        yield client


def dead(client: SyncPrefectClient) -> tuple[FlowRun, FlowRun]:
    """A run whose process was killed, and its subflow; each has a task at work, and one that ended."""
    run = client.create_flow_run(study, state=Running())
    parent = client.create_task_run(block, run.id, dynamic_key="maximize-0", state=Running())
    stage = client.create_flow_run(study, state=Running(), parent_task_run_id=parent.id)
    for one in (run, stage):
        client.create_task_run(block, one.id, dynamic_key="at work", state=Running())
        client.create_task_run(block, one.id, dynamic_key="ended", state=Completed())
    return run, stage


def states(client: SyncPrefectClient, run: UUID) -> list[str]:
    """The states of a flow run and of its task runs, in the order of their keys."""
    tasks = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run])))
    states = [client.read_flow_run(run).state]
    states += [task.state for task in sorted(tasks, key=lambda task: task.dynamic_key)]
    return [str(state and state.name) for state in states]


def note(folder: Path, *runs: UUID) -> None:
    (folder / NOTE).write_text("".join(f"{run}\n" for run in runs))


def test_what_a_lock_proves_dead_is_closed(client: SyncPrefectClient, tmp_path: Path) -> None:
    run, stage = dead(client)
    elsewhere = uuid4()
    note(tmp_path, elsewhere, run.id)

    during = later(tmp_path).split()

    assert states(client, run.id) == ["Crashed", "Crashed", "Completed", "Crashed"]
    assert states(client, stage.id) == ["Crashed", "Crashed", "Completed"]
    # another server's run is left to whoever asks that one; one's own note goes with the run
    assert during[0] == str(elsewhere)
    assert len(during) == 2
    assert (tmp_path / NOTE).read_text().split() == [str(elsewhere)]


def test_one_that_its_worker_closed_keeps_its_state(
    client: SyncPrefectClient, tmp_path: Path
) -> None:
    run, stage = dead(client)
    client.set_flow_run_state(run.id, Failed())
    note(tmp_path, run.id)

    later(tmp_path)

    assert states(client, run.id)[0] == "Failed"
    assert states(client, stage.id) == ["Crashed", "Crashed", "Completed"]


def test_a_worker_s_hook_closes_what_is_below(client: SyncPrefectClient) -> None:
    run, stage = dead(client)

    close_below(flow=study, flow_run=run, state=Failed())

    assert states(client, run.id) == ["Running", "Crashed", "Completed", "Crashed"]
    assert states(client, stage.id) == ["Crashed", "Crashed", "Completed"]


@pytest.mark.parametrize("text", ["", "no id\n"])
def test_a_note_that_is_none_is_no_obstacle(
    client: SyncPrefectClient, tmp_path: Path, text: str
) -> None:
    (tmp_path / NOTE).write_text(text)
    later(tmp_path)
    assert (tmp_path / NOTE).read_text() == ""


def test_without_a_flow_run_nothing_is_noted(tmp_path: Path) -> None:
    with on_record(tmp_path):
        assert list(tmp_path.iterdir()) == []
