"""The command `spikeatlas init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spikeatlas.flows.options import path
from spikeatlas.flows.runners.terminal import tell
from spikeatlas.flows.starter.start_files import STUDY, write_start

NEXT = (
    (f"validate {STUDY}", "its plan: images, bytes, time"),
    (f"run {STUDY}", "its atlas and report"),
    ("deploy", "or on a Prefect server (PREFECT_API_URL)"),
)

StartFolder = Annotated[
    Path,
    typer.Argument(help="Where to write; made if it is not there.", metavar="DIR", parser=path),
]


def init(folder: StartFolder) -> None:
    """Write a commented study and the deployments into a folder, to start from; no file is written over."""
    written = write_start(folder)
    place = folder.expanduser()
    tell(
        f"wrote {place / STUDY} and {len(written) - 1} files in {place / 'deployments'}; in {place}:"
    )
    for words, meaning in NEXT:
        tell(f"  spikeatlas {words:<20} # {meaning}")
