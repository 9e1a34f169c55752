"""Loaded by the interpreters of a test's run: writes down in AUDIT every address that one connects or binds to."""

from __future__ import annotations

import os
import sys
from typing import Any

AUDIT = os.environ["AUDIT"]
EVENTS = ("socket.connect", "socket.bind", "socket.sendto")


def note(event: str, told: tuple[Any, ...]) -> None:
    if event not in EVENTS:
        return
    address = told[-1]
    host = address[0] if isinstance(address, tuple) else "unix"
    file = os.open(AUDIT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{event} {host}\n".encode())
    os.close(file)


sys.addaudithook(note)
