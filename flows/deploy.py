"""Registering the deployments of ``deployments/prefect.yaml`` on a server, in place of what one would type."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from spikeatlas.flows.runners.health import ServerError, asking, require_health
from spikeatlas.flows.runners.server_settings import configure
from spikeatlas.snn.allowed_code import CODE, ROOTS
from spikeatlas.snn.allowed_places import DASK, URLS

POOL = "spikeatlas"
FILE = Path("deployments/prefect.yaml")
DEAD_RUNS = Path("deployments/dead-run.yaml")
REGISTERED = re.compile(r"Deployment '(.+)' successfully")
WHEN = ("cron", "interval", "rrule", "timezone", "day_or")
"""Fields of a schedule that say when."""
NO_SERVER = (
    "neither PREFECT_API_URL nor a profile of Prefect's names a server to deploy to: start one with 'prefect server start' and "
    "set PREFECT_API_URL=http://127.0.0.1:4200/api"
)


def deploy(root: Path) -> Iterator[str]:
    """Create the work pool, register every deployment, and the automation for dead runs; a line as each is done.

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
    deployments = yaml.safe_load(file.read_text())["deployments"]
    address = server_of_settings()
    if problems := senseless(deployments):
        raise ValueError("\n".join(problems))
    require_health(address)
    yield f"the server at {address} answers"
    for _ in _prefect("work-pool", "create", POOL, "--type", "process", "--overwrite", root=root):
        pass
    yield f"work pool {POOL} is there; registering {len(deployments)} deployments of {file}"
    for line in _prefect("deploy", "--all", "--prefect-file", str(FILE), root=root):
        if name := REGISTERED.search(line):
            yield f"  {name[1]}"
    yield automate(root / DEAD_RUNS, address)
    yield f"start a worker in {root}:  prefect worker start --pool {POOL} --limit 1"


def server_of_settings() -> str:
    """Return the address of the server that Prefect's settings name: the environment, a file or a profile.

    Raises ServerError where none does.
    """
    configure(None)
    from prefect.settings import Settings  # noqa: PLC0415 - after the environment

    address = Settings().api.url
    if not address:
        raise ServerError(NO_SERVER)
    return address


def automate(file: Path, address: str) -> str:
    """Register an automation, in place of one of its name, and say so."""
    from prefect.events.schemas.automations import AutomationCore  # noqa: PLC0415 - as above

    automation = AutomationCore.model_validate(yaml.safe_load(file.read_text()))
    with asking(address, timeout=30) as client:
        former = client.read_automations_by_name(automation.name)
        if former:
            client.update_automation(former[0].id, automation)
        else:
            client.create_automation(automation)
    return f"automation {automation.name!r}: {automation.description}"


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


def _prefect(*words: str, root: Path) -> Iterator[str]:
    """Call Prefect's own command line; yield what it prints, as it does."""
    with subprocess.Popen(  # noqa: S603 - fixed words
        [sys.executable, "-P", "-m", "prefect", "--no-prompt", *words],
        cwd=root,
        env={
            ROOTS: str(root),
            CODE: "",
            DASK: "",
            URLS: "",
            **os.environ,
            # a line of Prefect's is not broken in two
            "COLUMNS": "1000",
            "SPIKEATLAS_HOME": str(root),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        last: deque[str] = deque(maxlen=5)
        for line in process.stdout:
            last.append(line.rstrip())
            yield line
    if process.returncode:
        raise RuntimeError("\n".join([f"'prefect {' '.join(words)}' failed:", *last]))
