"""The environment of a run's processes: Prefect's settings, and none that the user has for another server.

Made before Prefect is imported, which reads its settings then.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spikeatlas.flows.runners.proxies import spare_loopback

SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # one transaction per 100 events instead of one each: a sixth of the server's time
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    # the terminal shows our own progress and failures; Prefect's log lines go to its UI
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_CLI_COLORS": "false",
    # a process that starts takes no module of the working folder for one of Python's (a user's types.py, queue.py)
    "PYTHONSAFEPATH": "1",
}
"""Environment of every process of a run (a user's own wins)."""

OF_ANOTHER_SERVER = re.compile(
    # who asks it, and as whom
    r"PREFECT_(API_(KEY|AUTH_STRING|SSL_CERT_FILE|TLS_.*)|CLIENT_CUSTOM_HEADERS|PROFILE|PROFILES_PATH|UI_.*"
    # where it listens, and what it shows
    r"|SERVER_(API_(HOST|PORT|BASE_PATH)|UI_(API_URL|SERVE_BASE|STATIC_DIRECTORY))"
    # where its records, messages and leases are
    r"|(SERVER|API)_DATABASE_(CONNECTION_URL|DRIVER|HOST|PORT|USER|NAME|PASSWORD|SQLALCHEMY_.*)"
    r"|MESSAGING_.*|REDIS_.*|SERVER_EVENTS_.*|SERVER_DOCKET_.*|SERVER_CONCURRENCY_LEASE_STORAGE)"
)
"""Settings that a run which has a server of its own does without: they say how to reach another, or where that works."""


def configure(home: Path | None) -> None:
    """Set this process's environment; to be called before Prefect is imported.

    ``home``: the folder of Prefect's files where PREFECT_API_URL names no server; None for that of the user.
    """
    spare_loopback()
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    if home is not None and not os.environ.get("PREFECT_API_URL"):
        os.environ["PREFECT_HOME"] = str(home.absolute())


@contextmanager
def private(address: str) -> Iterator[None]:
    """Let this process and those that it starts know the server at ``address`` alone while the block runs."""
    others = {name: os.environ[name] for name in os.environ if OF_ANOTHER_SERVER.fullmatch(name)}
    for name in others:
        del os.environ[name]
    os.environ["PREFECT_API_URL"] = address
    try:
        yield
    finally:
        for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"):
            os.environ.pop(name, None)
        os.environ.update(others)


def share_password() -> None:
    """Give this process, and those that it will start, the password that its own server takes from the user's settings."""
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415 - after the settings
    from prefect.settings import get_current_settings  # noqa: PLC0415 - as above

    password = get_current_settings().server.api.auth_string
    if password is not None:
        os.environ["PREFECT_API_AUTH_STRING"] = password.get_secret_value()
        refresh_global_settings_context()
