"""One coordinator at a time, and only its units of work."""

from __future__ import annotations

import fcntl
import multiprocessing
import threading
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from spikeatlas.tasks.atlas import BusyError, OutdatedError, at_work, coordinator, writing

SPAWN = multiprocessing.get_context("spawn")


def coordinate(folder: Path, ready: Event, done: Event) -> None:
    with coordinator(folder):
        ready.set()
        done.wait(30)


def work(folder: Path, run: str, ready: Event, done: Event) -> None:
    with writing(folder, run):
        ready.set()
        done.wait(30)


def test_a_second_coordinator_is_refused(tmp_path: Path) -> None:
    ready, done = SPAWN.Event(), SPAWN.Event()
    other = SPAWN.Process(target=coordinate, args=(tmp_path, ready, done))
    other.start()
    assert ready.wait(60)
    with pytest.raises(BusyError, match="another run is writing"), coordinator(tmp_path):
        pass
    other.kill()  # the lock goes with its process, however that ends
    other.join()
    with coordinator(tmp_path):
        pass


def test_no_run_begins_beside_surviving_workers_of_another(tmp_path: Path) -> None:
    ready, done = SPAWN.Event(), SPAWN.Event()
    with coordinator(tmp_path) as run:
        worker = SPAWN.Process(target=work, args=(tmp_path, run, ready, done))
        worker.start()
        assert ready.wait(60)
    # the coordinator has ended, its worker has not
    with pytest.raises(BusyError, match="workers of an earlier run"), coordinator(tmp_path, wait=0):
        pass
    done.set()
    with coordinator(tmp_path):
        worker.join()
    assert worker.exitcode == 0


def test_a_unit_of_an_earlier_run_does_not_start(tmp_path: Path) -> None:
    with coordinator(tmp_path) as earlier, writing(tmp_path, earlier):
        pass
    with coordinator(tmp_path) as later:
        with pytest.raises(OutdatedError), writing(tmp_path, earlier):
            pass
        with writing(tmp_path, later), writing(tmp_path, later):
            pass


def test_whether_a_run_is_at_work_can_be_asked_without_a_trace(tmp_path: Path) -> None:
    assert not at_work(tmp_path)
    assert not list(tmp_path.iterdir())
    with coordinator(tmp_path):
        assert at_work(tmp_path)
    assert not at_work(tmp_path)


def test_a_run_begins_while_somebody_asks(tmp_path: Path) -> None:
    with coordinator(tmp_path):
        pass
    with (tmp_path / ".lock").open("rb") as glance:
        fcntl.flock(glance, fcntl.LOCK_SH)
        threading.Timer(0.05, lambda: fcntl.flock(glance, fcntl.LOCK_UN)).start()
        with coordinator(tmp_path):
            assert at_work(tmp_path)
