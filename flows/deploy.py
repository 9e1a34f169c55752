"""Registering the deployments of ``deployments/prefect.yaml`` on a server: what a newcomer would otherwise type."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

from flows.server import ServerError, configure, require_health

POOL = "spikeatlas"
FILE = Path("deployments/prefect.yaml")
NO_SERVER = (
    "PREFECT_API_URL is not set, so there is no server to deploy to: start one with 'prefect server start' and "
    "set PREFECT_API_URL=http://127.0.0.1:4200/api"
)


def deploy(root: Path) -> list[str]:
    """Create the work pool, register every deployment, and return the lines to tell the user.

    ``root``: the folder of the source, in which the deployed flows run. Raises FileNotFoundError where it has no
    ``deployments/prefect.yaml``, ServerError without a server, RuntimeError with what Prefect said if it refused.
    """
    file = root / FILE
    if not file.is_file():
        raise FileNotFoundError(
            f"{root} has no {FILE}: run 'spikeatlas deploy' in the folder of the source, or give it with --root"
        )
    address = os.environ.get("PREFECT_API_URL")
    if not address:
        raise ServerError(NO_SERVER)
    configure(root)
    require_health(address)
    _prefect("work-pool", "create", POOL, "--type", "process", "--overwrite", root=root)
    _prefect("deploy", "--all", "--prefect-file", str(FILE), root=root)
    names = [each["name"] for each in yaml.safe_load(file.read_text())["deployments"]]
    return [
        f"deployed {', '.join(names)} to {address}",
        f"start a worker in {root}:  prefect worker start --pool {POOL} --limit 1",
    ]


def _prefect(*words: str, root: Path) -> None:
    """Call Prefect's own command line."""
    told = subprocess.run(  # noqa: S603 - fixed words
        [sys.executable, "-m", "prefect", "--no-prompt", *words],
        cwd=root, env={**os.environ, "SPIKEATLAS_HOME": str(root)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if told.returncode:
        last = "\n".join((told.stdout + told.stderr).strip().splitlines()[-5:])
        raise RuntimeError(f"'prefect {' '.join(words)}' failed:\n{last}")
