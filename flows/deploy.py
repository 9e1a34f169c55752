"""Registering the deployments of ``deployments/prefect.yaml`` on a server, in place of what one would type."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from spikeatlas.flows.runners.health import ServerError, require_health
from spikeatlas.flows.runners.server import configure
from spikeatlas.snn.allowed_code import CODE, ROOTS
from spikeatlas.snn.allowed_places import DASK, URLS

POOL = "spikeatlas"
FILE = Path("deployments/prefect.yaml")
WHEN = ("cron", "interval", "rrule", "timezone", "day_or")
"""Fields of a schedule that say when."""
NO_SERVER = (
    "PREFECT_API_URL is not set, so there is no server to deploy to: start one with 'prefect server start' and "
    "set PREFECT_API_URL=http://127.0.0.1:4200/api"
)


def deploy(root: Path) -> list[str]:
    """Create the work pool, register every deployment, and return the lines to tell the user.

    ``root``: the folder of the source, in which the deployed flows run. Raises FileNotFoundError where it has no
    ``deployments/prefect.yaml``, ValueError for a
    schedule that makes no sense, ServerError without a server, RuntimeError with what Prefect said if it refused.
    """
    file = root / FILE
    if not file.is_file():
        raise FileNotFoundError(
            f"{root} has no {FILE}: run 'spikeatlas deploy' in the folder of the source or one that 'spikeatlas init' wrote, "
            "or give it with --root"
        )
    address = os.environ.get("PREFECT_API_URL")
    if not address:
        raise ServerError(NO_SERVER)
    configure(root)
    if problems := senseless(yaml.safe_load(file.read_text())["deployments"]):
        raise ValueError("\n".join(problems))
    require_health(address)
    _prefect("work-pool", "create", POOL, "--type", "process", "--overwrite", root=root)
    _prefect("deploy", "--all", "--prefect-file", str(FILE), root=root)
    names = [deployment["name"] for deployment in yaml.safe_load(file.read_text())["deployments"]]
    return [
        f"deployed {', '.join(names)} to {address}",
        f"start a worker in {root}:  prefect worker start --pool {POOL} --limit 1",
    ]


def senseless(deployments: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each schedule that Prefect could not keep."""
    problems = []
    for deployment in deployments:
        for schedule in deployment.get("schedules", ()):
            when = {key: schedule[key] for key in WHEN if key in schedule}
            try:
                _schedule(when)
            except (ValueError, TypeError) as error:
                reason = str(error).splitlines()[-1].strip().partition(" [type=")[0]
                problems.append(
                    f"{FILE}: the schedule {when} of {deployment['name']} makes no sense ({reason}); write e.g. "
                    "cron: '0 2 * * *' (minute hour day month weekday) or interval: 3600 (seconds)"
                )
    return problems


def _schedule(when: Mapping[str, Any]) -> Any:
    """Return Prefect's own schedule; it says what is wrong."""
    from prefect.client.schemas import schedules  # noqa: PLC0415

    if len({"cron", "interval", "rrule"} & set(when)) != 1:
        raise ValueError("give one of cron, interval and rrule")
    if "cron" in when:
        return schedules.CronSchedule(**when)
    if "rrule" in when:
        return schedules.RRuleSchedule(**when)
    return schedules.IntervalSchedule(
        interval=timedelta(seconds=when["interval"]), timezone=when.get("timezone", "UTC")
    )


def _prefect(*words: str, root: Path) -> None:
    """Call Prefect's own command line."""
    done = subprocess.run(  # noqa: S603 - fixed words
        [sys.executable, "-m", "prefect", "--no-prompt", *words],
        cwd=root,
        env={
            ROOTS: str(root),
            CODE: "",
            DASK: "",
            URLS: "",
            **os.environ,
            "SPIKEATLAS_HOME": str(root),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise RuntimeError(f"'prefect {' '.join(words)}' failed:\n{last}")
