"""Ctrl-C: the first is waited for, the second is not."""

from __future__ import annotations

import signal
import subprocess
import sys

CODE = """
import time
from spikeatlas.flows.interrupts import stop_tidily

stop_tidily()
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("stopping", flush=True)
    time.sleep(60)
"""


def test_the_second_ends_what_the_first_waits_for() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for word in ("ready", "stopping"):
            assert process.stdout.readline().strip() == word
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
