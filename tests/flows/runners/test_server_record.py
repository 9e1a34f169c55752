"""What is said of the record of a run: how many task runs ended, and how many of these failed."""

from __future__ import annotations

import json
from functools import partial
from uuid import uuid4

import httpx
import pytest

from spikeatlas.flows import launch
from spikeatlas.flows.runners import server

STATES = ("COMPLETED", "COMPLETED", "FAILED", "CRASHED", "RUNNING")


def answer(request: httpx.Request) -> httpx.Response:
    query = json.loads(request.content)["task_runs"]
    states = query["state"]["type"]["any_"]
    return httpx.Response(
        200, json=sum(state in states for state in STATES[: len(query["id"]["any_"])])
    )


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (2, "2 of 2 task runs are on record"),
        (4, "4 of 4 task runs are on record, 2 of them as failed"),
    ],
)
def test_failures_are_no_success(
    monkeypatch: pytest.MonkeyPatch, count: int, sentence: str
) -> None:
    client = partial(httpx.Client, transport=httpx.MockTransport(answer))
    monkeypatch.setattr(httpx, "Client", client)

    recorded = server.drain("http://here/api", [uuid4() for _ in range(count)])

    assert launch.recorded_line(recorded, count) == sentence


def test_what_is_not_recorded_in_time_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    client = partial(httpx.Client, transport=httpx.MockTransport(answer))
    monkeypatch.setattr(httpx, "Client", client)
    monkeypatch.setattr(server, "DRAIN_TIMEOUT", -1)

    assert server.drain("http://here/api", [uuid4() for _ in range(5)]) == (4, 2)
