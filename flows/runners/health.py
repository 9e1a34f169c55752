"""The health of a Prefect server: whether it answers, is of our version, and stays."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

import httpx

LOST_SECONDS = 60
"""Seconds that a server may be away before a run ends; each of Prefect's requests is tried again for as long."""


class ServerError(RuntimeError):
    """The Prefect server cannot be reached or started: the message says what to do."""


def require_health(api: str) -> None:
    """Raise ServerError, with what to do, unless the user's server answers and is of our version."""
    if not is_healthy(api, timeout=10):
        message = (
            f"the Prefect server at PREFECT_API_URL={api} does not answer: "
            "start it, or unset PREFECT_API_URL to use one of our own"
        )
        raise ServerError(message)
    here, there = version("prefect"), _version(api)
    if _minor(here) != _minor(there):
        message = (
            f"the Prefect server at PREFECT_API_URL={api} is of version {there}, but Prefect here is {here}: install the "
            "same on both (pip install 'prefect==...'), or unset PREFECT_API_URL to use a server of our own"
        )
        raise ServerError(message)


def _version(api: str) -> str:
    """Return the version of a server, as it says."""
    try:
        return str(httpx.get(f"{api}/admin/version", timeout=10).raise_for_status().json())
    except (httpx.HTTPError, ValueError):
        return "unknown"


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def is_healthy(api: str, timeout: float = 1) -> bool:
    """Return whether a server answers within ``timeout`` seconds."""
    try:
        return httpx.get(f"{api}/health", timeout=timeout).is_success
    except httpx.HTTPError:
        return False


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
    while not done.wait(2):
        if is_healthy(api, timeout=10):
            answered = time.monotonic()
        elif time.monotonic() - answered > LOST_SECONDS:
            print(lost(api), file=sys.stderr, flush=True)
            os._exit(1)


def lost(api: str) -> str:
    """Say what to do when a server went away."""
    return (
        f"the Prefect server at {api} no longer answers: what is done is kept; start it again, or set PREFECT_API_URL "
        "to where it is now, and run the same command again to go on"
    )
