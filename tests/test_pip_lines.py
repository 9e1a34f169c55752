from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pip_lines import follow, main, step_of


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("  Downloading torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl (180.5 MB)", "loading torch (180.5 MB)"),
        ("Using cached scikit_learn-1.9-cp311-cp311-linux.whl (9 MB)", "loading scikit_learn (9 MB)"),
        ("Processing /a b/nvidia_cudnn_cu13-9.24-py3-none-any.whl (from torch)", "loading nvidia_cudnn_cu13"),
        ("Installing collected packages: a, b, c", "unpacking 3 packages"),
        ("Collecting numpy>=1.26", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_lines_of_pip_become_steps(line: str, step: str) -> None:
    assert step_of(line) == step


def test_the_step_is_told_while_pip_is_silent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(bytes(1000))

    def output() -> Iterator[str]:
        yield "Installing collected packages: a, b\n"
        while "unpacking" not in (told := capsys.readouterr().out):
            time.sleep(0.01)
        assert f"unpacking 2 packages, 0.0 GB in {tmp_path}" in told
        yield "Successfully installed a b\n"

    log: list[str] = []
    follow(output(), log, tmp_path, pause=0.01)
    assert log[-1] == "Successfully installed a b\n"


def test_all_that_pip_said_follows_where_it_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(tmp_path, ["--no-index", "--dry-run", str(tmp_path / "nothing.whl")]) != 0
    assert "nothing.whl" in capfd.readouterr().out
