"""The flow that writes the report and shows its key figures in Prefect's UI."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.runners import submit
from tasks import units
from tasks.report import key_figures

log = logging.getLogger("spikeatlas")


@flow(name="report", flow_run_name="report")
def report(atlas: Path, folder: Path) -> Path:
    """Write the page, then publish its key figures with a link.

    1. ``report``: a self-contained HTML page. 2. a markdown artifact on the run's page.
    """
    log.info("report")
    page: Path = submit(units.report, atlas, folder).result()
    text = (
        f"{key_figures(atlas)}\n\n[Open the report]({page.absolute().as_uri()}) ({page.absolute()})"
    )
    create_markdown_artifact(text, key="spike-atlas", description="Key figures of the atlas")
    return page
