"""The log lines of a pool's process stand beside those of its coordinator."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from spikeatlas.tasks.workers.process import write_lines

log = logging.getLogger("spikeatlas")


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before, level = list(log.handlers), log.level
    log.setLevel(logging.INFO)
    yield
    log.handlers[:] = before
    log.setLevel(level)


def test_a_line_is_plain_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    write_lines()
    log.info("network epoch 1")
    (line,) = capsys.readouterr().err.splitlines()
    assert line[2] == line[5] == ":"
    assert line[8:] == " network epoch 1"


def test_a_bar_is_cleared_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    write_lines()
    log.info("network epoch 1")
    assert capsys.readouterr().err.startswith("\r\x1b[2K")
