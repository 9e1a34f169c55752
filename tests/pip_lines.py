"""pip install with few lines: ``python tests/pip_lines.py FOLDER ARGUMENT...`` for an environment in FOLDER.

A line every ten seconds says what pip does now (the package that it loads, or that it unpacks, which pip does without
a word) and how large the environment is; all that pip said follows where it fails. Ends as pip ends.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

LOADING = re.compile(
    r"(?:Downloading|Using cached|Processing) (?:.*/)?(\S+?)-\d\S*(?: \(([\d.]+) (MB|GB)\))?"
)
UNPACKING = re.compile(r"Installing collected packages: (.*)")


def main(folder: Path, arguments: list[str]) -> int:
    """Run pip and tell of it; its exit code."""
    command = [sys.executable, "-m", "pip", "install", "--progress-bar", "off", *arguments]
    begin, log = time.monotonic(), list[str]()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        follow(pip.stdout, log, folder)
        code = pip.wait()
    if code:
        print("".join(log), end="")
    else:
        print(f"    installed in {time.monotonic() - begin:.0f} s, {size(folder)}")
    return code


def follow(output: Iterable[str], log: list[str], folder: Path, pause: float = 10) -> None:
    """Keep what pip says in ``log``, and tell the part of it that says how far it is."""
    ended, busy = threading.Event(), {"with": "looking for versions that fit"}
    begin = time.monotonic()

    def beat() -> None:
        while not ended.wait(pause):
            print(f"    {time.monotonic() - begin:4.0f} s: {busy['with']}, {size(folder)}")

    ticker = threading.Thread(target=beat, daemon=True)
    ticker.start()
    for line in output:
        log.append(line)
        step = step_of(line)
        if step:
            busy["with"] = step
    ended.set()
    ticker.join()


def step_of(line: str) -> str:
    """Return what pip does now, in words; empty for a line that does not say."""
    if unpacking := UNPACKING.match(line):
        return f"unpacking {len(unpacking[1].split(', '))} packages"
    if loading := LOADING.search(line):
        amount = f" ({loading[2]} {loading[3]})" if loading[2] else ""
        return f"loading {loading[1]}{amount}"
    return ""


def size(folder: Path) -> str:
    """Return the size of a folder, in words."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(parent, name)).st_blocks * 512
            except OSError:
                continue
    return f"{total / 1e9:.1f} GB in {folder}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
