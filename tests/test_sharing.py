"""What the processes of a session share is made once, and is there for as long as one of them needs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sharing import once, together


def both(work: Callable[[float], None]) -> None:
    """Do it in two threads, of which one works longer; locks of two openings of a file know no process."""
    threads = [threading.Thread(target=work, args=(seconds,)) for seconds in (0.1, 0.3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_first_fills_and_the_other_waits(tmp_path: Path) -> None:
    firsts, contents = [], []

    def work(seconds: float) -> None:
        with once(tmp_path / "shared") as first:
            firsts.append(first)
            if first:
                time.sleep(seconds)
                (tmp_path / "shared" / "file").write_text("whole")
        contents.append((tmp_path / "shared" / "file").read_text())

    both(work)

    assert sorted(firsts) == [False, True]
    assert contents == ["whole", "whole"]


def test_what_failed_is_tried_by_the_next(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), once(tmp_path / "shared"):
        raise RuntimeError
    with once(tmp_path / "shared") as first:
        assert first


def test_a_server_lives_until_its_last_user_left(tmp_path: Path) -> None:
    events = []

    @contextmanager
    def serve(_: Path) -> Iterator[str]:
        events.append("start")
        yield "address"
        events.append("stop")

    def work(seconds: float) -> None:
        with together(tmp_path / "server", serve) as address:
            time.sleep(seconds)
            events.append(address)

    both(work)
    both(work)

    assert events == 2 * ["start", "address", "address", "stop"]
