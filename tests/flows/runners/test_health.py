"""Servers that do not let us in, or that nobody reaches: each told as what it is."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_KEY,
    PREFECT_API_SSL_CERT_FILE,
    temporary_settings,
)

from spikeatlas.flows.runners.health import ServerError, require_health
from tests.flows.runners.answering import answering


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def refusal(api: str) -> str:
    with pytest.raises(ServerError) as error:
        require_health(api)
    sentence = str(error.value)
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_server_with_a_password_lets_in_who_has_it(slash: str) -> None:
    with answering(login="admin:pass") as api:
        with temporary_settings({PREFECT_API_AUTH_STRING: "admin:pass"}):
            require_health(api + slash)
        with temporary_settings({PREFECT_API_AUTH_STRING: "admin:wrong"}):
            assert "refuses the password of PREFECT_API_AUTH_STRING" in refusal(api)
        with temporary_settings({PREFECT_API_KEY: "pnu_1"}):
            assert "refuses the key of PREFECT_API_KEY" in refusal(api)
        assert "wants a password: set PREFECT_API_AUTH_STRING" in refusal(api)


def test_another_version_is_told_as_that() -> None:
    with answering(version="2.20.1") as api:
        assert "is of version 2.20.1, but Prefect here is 3." in refusal(api)


def test_a_page_that_is_no_api_is_told_as_that() -> None:
    with answering() as api:
        assert "the address of Prefect's API ends with /api" in refusal(api.removesuffix("/api"))


def test_nobody_there_is_told_without_the_password_of_the_address() -> None:
    sentence = refusal("http://me:secret@127.0.0.1:9/api")
    assert sentence.startswith(
        "the Prefect server at PREFECT_API_URL=http://127.0.0.1:9/api does not"
    )
    assert "secret" not in sentence


def test_a_server_that_never_answers_is_one_that_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikeatlas.flows.runners.health.PATIENCE", 0.2)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        assert "does not answer" in refusal(f"http://127.0.0.1:{deaf.getsockname()[1]}/api")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_on_the_way_is_named(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "http://me:secret@127.0.0.1:9")
    sentence = refusal("http://prefect.invalid:4200/api")
    assert "does not answer through the proxy http://127.0.0.1:9 that the environment" in sentence
    assert "add prefect.invalid to NO_PROXY" in sentence


def test_a_certificate_that_is_no_file_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = tmp_path / "ca.pem"
    with temporary_settings({PREFECT_API_SSL_CERT_FILE: str(missing)}):
        assert f"PREFECT_API_SSL_CERT_FILE={missing} is no file" in refusal(
            "https://127.0.0.1:9/api"
        )
