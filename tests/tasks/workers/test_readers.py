"""A process whose output nobody reads any more works on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys, threading
from pathlib import Path
from rich.console import Console
from spikeatlas.tasks.workers.readers import outlive_readers

outlive_readers()
sys.stdin.read()
console = Console(file=sys.stderr)

def work() -> None:
    console.print("a line")
    console.print("another")
    print("and one of the user's", flush=True)
    Path(sys.argv[1]).write_text("done")

thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def test_lines_are_lost_and_nothing_else(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    file = tmp_path / "end"
    with subprocess.Popen(
        [sys.executable, "-c", CODE, str(file)],
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=writing,
    ) as process:
        os.close(writing)
        os.close(reading)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    assert file.read_text() == "done"
