"""Compilation: once a machine, however many processes need it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MODULE = """
from spikeatlas.snn.compiled import compiled

@compiled
def doubled(value):
    return inner(value) * 2

@compiled
def inner(value):
    return value + 1
"""
CALL = "import kernels; kernels.doubled(1.5); print(sum(f.stats.cache_misses.total() for f in (kernels.doubled, kernels.inner)))"


def test_processes_that_start_together_compile_once(tmp_path: Path) -> None:
    (tmp_path / "kernels.py").write_text(MODULE)
    command = [sys.executable, "-c", CALL]
    running = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    compilations = [int(process.communicate()[0]) for process in running]
    assert sorted(compilations) == [0, 2]


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "kernels.py").write_text(MODULE)
    (tmp_path / "__pycache__").write_text("no folder")
    environment = {"NUMBA_CACHE_DIR": "", "HOME": "/dev/null", "PATH": "/usr/bin"}
    code = f"import sys; sys.path[:0] = {sys.path!r}; {CALL}"
    end = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (end.stderr, end.returncode) == ("", 0)
