"""The environment of a run: nothing in it leads to another server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spikeatlas.flows.runners.server_settings import configure, private

OTHERS = {
    "PREFECT_API_KEY": "pnu_1",
    "PREFECT_API_AUTH_STRING": "admin:pass",
    "PREFECT_API_SSL_CERT_FILE": "/nowhere.pem",
    "PREFECT_CLIENT_CUSTOM_HEADERS": '{"Token": "secret"}',
    "PREFECT_PROFILE": "lab",
    "PREFECT_UI_API_URL": "http://lab/api",
    "PREFECT_SERVER_API_BASE_PATH": "/lab",
    "PREFECT_SERVER_UI_SERVE_BASE": "/lab",
    "PREFECT_API_DATABASE_CONNECTION_URL": "postgresql+asyncpg://lab/prefect",
    "PREFECT_SERVER_DATABASE_HOST": "lab",
    "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
    "PREFECT_SERVER_DOCKET_URL": "redis://lab",
}
KEPT = {
    "PREFECT_SERVER_API_AUTH_STRING": "admin:pass",
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "3",
    "PREFECT_LOGGING_LEVEL": "DEBUG",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "mine",
}


def test_a_server_of_its_own_shares_no_setting_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**OTHERS, **KEPT}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    with private("http://127.0.0.1:1/api"):
        inside = dict(os.environ)

    assert inside["PREFECT_API_URL"] == "http://127.0.0.1:1/api"
    assert not inside.keys() & OTHERS.keys()
    assert inside.items() >= KEPT.items()
    assert os.environ.items() >= {**OTHERS, **KEPT}.items()
    assert "PREFECT_API_URL" not in os.environ


def test_a_user_s_own_settings_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = dict(os.environ)
    monkeypatch.setenv("PREFECT_CLI_COLORS", "true")
    monkeypatch.setenv("PREFECT_API_URL", "http://lab/api")
    monkeypatch.setenv("PREFECT_HOME", "/home/me")

    configure(tmp_path)

    assert os.environ["PREFECT_CLI_COLORS"] == "true"
    assert os.environ["PREFECT_HOME"] == "/home/me"
    assert os.environ["DO_NOT_TRACK"] == "1"
    os.environ.clear()
    os.environ.update(before)
