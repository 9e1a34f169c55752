"""The health of a Prefect server: whether it answers, is of our version, and stays.

It is asked with Prefect's own client, which knows the password, token, headers and certificates of Prefect's settings.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

import httpx

from spikeatlas.flows.runners.proxies import proxy_to, without_password

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

PATIENCE = 10
"""Seconds that a server has to answer."""

LOST_SECONDS = 60
"""Seconds that a server may be away before a run ends; each of Prefect's requests is tried again for as long."""


class ServerError(RuntimeError):
    """The Prefect server cannot be reached or started: the message says what to do."""


@contextmanager
def asking(api: str, timeout: float) -> Iterator[SyncPrefectClient]:
    """Yield Prefect's client of a server, which waits ``timeout`` seconds for an answer and asks once."""
    # Prefect reads its settings at import, and this module is imported before they are made
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.settings import (  # noqa: PLC0415
        PREFECT_API_URL,
        PREFECT_CLIENT_MAX_RETRIES,
        temporary_settings,
    )

    with (
        temporary_settings({PREFECT_API_URL: api, PREFECT_CLIENT_MAX_RETRIES: 0}),
        get_client(httpx_settings={"timeout": timeout}, sync_client=True) as client,
    ):
        yield client


def require_health(api: str) -> None:
    """Raise ServerError, with what to do, unless the user's server answers, lets us in and is of our version."""
    from prefect.client.base import ServerType  # noqa: PLC0415 - as above
    from prefect.settings import get_current_settings  # noqa: PLC0415 - as above

    try:
        with asking(api, timeout=PATIENCE) as client:
            error = client.api_healthcheck()
            there = "" if error else client.api_version()
            # Prefect's own service takes clients of any version
            managed = client.server_type == ServerType.CLOUD
    except FileNotFoundError as missing:
        message = f"PREFECT_API_SSL_CERT_FILE={get_current_settings().api.ssl_cert_file} is no file: correct or unset it"
        raise ServerError(message) from missing
    except (httpx.HTTPError, ValueError) as refusal:
        error = refusal
    if error is not None:
        raise ServerError(f"{_server(api)} {_refusal(api, error)}") from error
    here = version("prefect")
    if not managed and _minor(here) != _minor(there):
        message = (
            f"{_server(api)} is of version {there}, but Prefect here is {here}: install the same on both "
            "(pip install 'prefect==...'), or unset PREFECT_API_URL to use a server of our own"
        )
        raise ServerError(message)


def _server(api: str) -> str:
    return f"the Prefect server at PREFECT_API_URL={without_password(api)}"


def _refusal(api: str, error: Exception) -> str:
    """Say what a server does instead of answering, and what to do."""
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
    if status in (401, 403):
        return _password_problem()
    proxy = proxy_to(api)
    if proxy is not None:
        host = httpx.URL(api).host
        return (
            f"does not answer through the proxy {proxy} that the environment names ({_reason(error)}): correct it, "
            f"or add {host} to NO_PROXY to ask the server directly"
        )
    if status == 404:
        return "is none, or not at this path: the address of Prefect's API ends with /api, so correct it"
    if "CERTIFICATE" in str(error).upper():
        return (
            f"has a certificate that is not trusted here ({_reason(error)}): set PREFECT_API_SSL_CERT_FILE to that of "
            "its authority"
        )
    return f"does not answer ({_reason(error)}): start it, or unset PREFECT_API_URL to use one of our own"


def _password_problem() -> str:
    from prefect.settings import get_current_settings  # noqa: PLC0415 - as above

    settings = get_current_settings().api
    if settings.auth_string is not None and settings.auth_string.get_secret_value():
        return "refuses the password of PREFECT_API_AUTH_STRING: correct it, it is the server's user:password"
    if settings.key is not None:
        return (
            "refuses the key of PREFECT_API_KEY: correct it, or set PREFECT_API_AUTH_STRING to the server's "
            "user:password if it has one"
        )
    return "wants a password: set PREFECT_API_AUTH_STRING to its user:password"


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


@contextmanager
def needed(api: str) -> Iterator[None]:
    """End this process, with what to do, when the server does not answer for LOST_SECONDS while the block runs.

    Prefect itself would try each of its requests for a minute, one after the other. Nothing is lost: the atlas is
    as after a kill.
    """
    done = threading.Event()
    threading.Thread(target=_end_without, args=(api, done), daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _end_without(api: str, done: threading.Event) -> None:
    answered = time.monotonic()
    with asking(api, timeout=PATIENCE) as client:
        while not done.wait(2):
            if client.api_healthcheck() is None:
                answered = time.monotonic()
            elif time.monotonic() - answered > LOST_SECONDS:
                print(lost(api), file=sys.stderr, flush=True)
                os._exit(1)


def lost(api: str) -> str:
    """Say what to do when a server went away."""
    return (
        f"the Prefect server at {without_password(api)} no longer answers: what is done is kept; start it again, or set "
        "PREFECT_API_URL to where it is now, and run the same command again to go on"
    )
