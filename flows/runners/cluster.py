"""Dask clusters: one on this machine, or the one at an address, looked at before work is sent there."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from spikeatlas.tasks.workers.process import leave_interrupts
from spikeatlas.tasks.workers.stopping import ask_to_stop, carry_on

if TYPE_CHECKING:
    from distributed import Client, Worker

CONNECT_SECONDS = 5
"""Time a scheduler has to answer."""

STOP_SECONDS = 60
"""Time running tasks have to reach a safe point when a run is stopped."""

ALIKE = ("spikeatlas", "torch", "numpy", "zarr", "prefect", "dask", "distributed")
"""Packages that client and workers must have in one version."""


@contextmanager
def cluster(workers: int, address: str | None) -> Iterator[str]:
    """Yield the address of a scheduler: the one given, or that of a cluster on this machine that ends with the block.

    When the block is left by an error, running tasks stop at their next safe point first.
    """
    if address is not None:
        with _stopped_on_error(address):
            yield address
        return
    from distributed import LocalCluster  # noqa: PLC0415 - an optional package

    local = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    )
    with local, _connected(local.scheduler_address) as client:
        client.run(leave_interrupts)
        with _stopped_on_error(local.scheduler_address):
            yield local.scheduler_address


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    from distributed import Client  # noqa: PLC0415 - an optional package

    client: Client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    with client:
        yield client


@contextmanager
def _stopped_on_error(address: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with _connected(address) as client:
            _stop(client)
        raise


def _stop(client: Client) -> None:
    """Let the workers' tasks stop, wait for them, and leave the workers fit for the next run."""
    deadline = time.monotonic() + STOP_SECONDS
    client.run(ask_to_stop)
    while any(client.run(busy).values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    client.run(carry_on)


def busy(dask_worker: Worker) -> bool:
    """Return True while a worker is at work, also on what its client has given up."""
    return bool(dask_worker.active_threads)


def problems(kind: str, address: str | None, folder: Path) -> list[str]:
    """Say why work for ``folder`` cannot be sent to Dask, a sentence each; tried, if there is an address."""
    if kind != "dask":
        message = f"runner.address: {address} is of a Dask scheduler, but runner.kind is {kind}; leave it out, or set kind: dask"
        return [] if address is None else [message]
    if find_spec("prefect_dask") is None:
        return [
            "runner.kind: dask needs the package prefect-dask, which is not installed: pip install 'spikeatlas[dask]'"
        ]
    if address is None:
        return []
    try:
        with _connected(address) as client, NamedTemporaryFile(dir=folder, prefix=".seen-") as mark:
            return _unfit(client, folder, Path(mark.name).name, address)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        message = (
            f"runner.address: no Dask scheduler answers at {address} ({reason}): start one (dask scheduler), "
            "correct the address (tcp://host:8786), or leave it out to use this machine"
        )
        return [message]
    except Exception as error:  # noqa: BLE001 - whatever a stranger answers
        message = (
            f"runner.address: what answers at {address} is no Dask scheduler with workers of Spike Atlas "
            f"({type(error).__name__}: {' '.join(str(error).split())}): correct the address, or leave it out to use this machine"
        )
        return [message]


def _unfit(client: Client, folder: Path, mark: str, address: str) -> list[str]:
    """Name what is wrong with the workers of a cluster."""
    here = versions()
    reports: dict[str, Any] = client.run(look, folder / mark, on_error="return")
    if not reports:
        message = (
            f"runner.address: the scheduler at {address} has no worker; start some: "
            f"dask worker {address} --nthreads 1"
        )
        return [message]
    return [
        f"runner.address: the worker at {worker} {fault}"
        for worker, report in reports.items()
        for fault in _faults(report, here, folder)
    ]


def _faults(report: Any, here: dict[str, str], folder: Path) -> list[str]:
    if isinstance(report, BaseException):
        return [
            f"cannot run Spike Atlas ({report}); install the version {here['spikeatlas']} of this machine there"
        ]
    sees_folder, there = report
    differences = ", ".join(
        f"{name} {there[name]} (here {here[name]})" for name in here if there[name] != here[name]
    )
    faults = (
        [f"has {differences}; install the versions of this machine there"] if differences else []
    )
    if not sees_folder:
        faults.append(
            f"does not see the folder {folder}; start it in the same folder, on a file system that both share"
        )
    return faults


def look(mark: Path) -> tuple[bool, dict[str, str]]:
    """Look from a worker: return whether a file of this run is there, and the versions."""
    return mark.exists(), versions()


def versions() -> dict[str, str]:
    """Return the versions in this process of what must be alike."""
    return {"Python": platform.python_version(), **{name: _version(name) for name in ALIKE}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
