"""Leases of an atlas in an object store: one run at a time, and only its units, whoever was killed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import obstore
import pytest

from spikeatlas.tasks.atlas import BusyError, OutdatedError
from spikeatlas.tasks.atlas.locking import lease
from spikeatlas.tasks.study.location import Url
from spikeatlas.tasks.workers.stopping import ask_to_stop, carry_on, stop_asked


@pytest.fixture
def atlas(monkeypatch: pytest.MonkeyPatch) -> Iterator[Url]:
    monkeypatch.setattr(lease, "SECONDS", 1.0)
    monkeypatch.setattr(lease, "PAUSE", 0.05)
    yield Url(f"memory://{uuid.uuid4().hex}/tiny.zarr")
    carry_on()


def test_a_second_run_is_refused_until_the_first_has_ended(atlas: Url) -> None:
    with lease.coordinated(atlas, "one", 5, ask_to_stop):
        time.sleep(1.5)  # longer than a lease that nobody renews
        with (
            pytest.raises(BusyError, match="another run is writing"),
            lease.coordinated(atlas, "two", 5, ask_to_stop),
        ):
            pass
    with lease.coordinated(atlas, "two", 5, ask_to_stop):
        pass


def test_a_lease_that_nobody_renews_is_taken_over(atlas: Url) -> None:
    obstore.put(atlas.parent.bucket, f"{atlas.name}.lock", b"of a run that was killed")
    obstore.put(atlas.parent.bucket, f"{atlas.name}.writer-1", b"of a worker that was killed")

    with lease.coordinated(atlas, "two", 5, ask_to_stop):
        assert not stop_asked()


def test_of_two_that_take_over_one_succeeds(atlas: Url, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = f"{atlas.name}.lock"
    obstore.put(atlas.parent.bucket, lock, b"of a run that was killed")
    looks = iter(range(100))
    whole = lease._version

    def version(at: Url) -> str | None:
        seen = whole(at)
        if next(looks) > 10 and at.name == lock:  # the last look before the take-over
            monkeypatch.setattr(lease, "SECONDS", 0.0)
            obstore.put(atlas.parent.bucket, lock, b"of another run")
        return seen

    monkeypatch.setattr(lease, "_version", version)
    with pytest.raises(BusyError), lease.coordinated(atlas, "two", 5, ask_to_stop):
        pass


def test_units_of_an_earlier_run_never_start(atlas: Url) -> None:
    with lease.coordinated(atlas, "one", 5, ask_to_stop), lease.writing(atlas, "one", ask_to_stop):
        pass
    with (
        lease.coordinated(atlas, "two", 5, ask_to_stop),
        pytest.raises(OutdatedError),
        lease.writing(atlas, "one", ask_to_stop),
    ):
        pass


def test_units_at_work_are_waited_for(atlas: Url) -> None:
    with ExitStack() as first:
        first.enter_context(lease.coordinated(atlas, "one", 5, ask_to_stop))
        with lease.writing(atlas, "one", ask_to_stop):
            first.close()
            with (
                pytest.raises(BusyError, match="workers of an earlier run"),
                lease.coordinated(atlas, "two", 2, ask_to_stop),
            ):
                pass


def test_a_lost_lease_stops_the_work(atlas: Url) -> None:
    with lease.coordinated(atlas, "one", 5, ask_to_stop):
        obstore.put(atlas.parent.bucket, f"{atlas.name}.lock", b"of another run")
        deadline = time.monotonic() + 10
        while not stop_asked() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert stop_asked()
