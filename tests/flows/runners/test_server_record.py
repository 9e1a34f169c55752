"""What is said of the record of a run: how many task runs ended, and how many of these failed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, temporary_settings

from spikeatlas.flows import launch
from spikeatlas.flows.runners import server
from tests.flows.runners.answering import answering

STATES = ("COMPLETED", "COMPLETED", "FAILED", "CRASHED", "RUNNING")


def count(query: dict[str, Any]) -> int:
    states = query["state"]["type"]["any_"]
    return sum(state in states for state in STATES[: len(query["id"]["any_"])])


@pytest.mark.parametrize(
    ("total", "sentence"),
    [
        (2, "2 of 2 task runs are on record"),
        (4, "4 of 4 task runs are on record, 2 of them as failed"),
    ],
)
def test_failures_are_no_success(total: int, sentence: str) -> None:
    with answering(count=count) as api:
        recorded = server.drain(api, [uuid4() for _ in range(total)])

    assert launch.recorded_line(recorded, total) == sentence


def test_what_is_not_recorded_in_time_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "DRAIN_TIMEOUT", -1)

    with answering(count=count) as api:
        assert server.drain(api, [uuid4() for _ in range(5)]) == (4, 2)


def test_a_server_with_password_and_token_is_asked_as_prefect_asks_it() -> None:
    with (
        answering(count=count, login="admin:pass", csrf="t") as api,
        temporary_settings({PREFECT_API_AUTH_STRING: "admin:pass"}),
    ):
        assert server.drain(api, [uuid4() for _ in range(2)]) == (2, 0)
