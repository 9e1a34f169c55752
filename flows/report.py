"""The flow that writes the report and shows its key figures in Prefect's UI."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from spikeatlas.flows.checks.roots import require_report_within
from spikeatlas.flows.runners.task_runners import submit
from spikeatlas.tasks import units
from spikeatlas.tasks.report.artifacts import claims_text
from spikeatlas.tasks.report.explorer.claim_rows import read_claims
from spikeatlas.tasks.report.page import EXPLORER
from spikeatlas.tasks.study.location import place

log = logging.getLogger("spikeatlas")


@flow(name="report", flow_run_name="report")
def report_flow(atlas: str, folder: Path) -> Path:
    """Write the page of an atlas (a folder or a URL), then publish its key figures with a link.

    1. ``report``: a self-contained HTML page. 2. a markdown artifact on the run's page.
    Raises StudyError where this host allows one of the two places not.
    """
    require_report_within(atlas, folder)
    log.info("report")
    location = place(atlas)
    result: tuple[Path, str] = submit(units.report_task, location, folder).result()
    page, figures = result
    explorer = page.with_name(EXPLORER)
    parts = [
        figures,
        claims_text(read_claims(location)[0]),
        f"[Open the report]({page.absolute().as_uri()}) ({page.absolute()})",
        f"[Explore every neuron]({explorer.absolute().as_uri()}) ({explorer.absolute()})",
    ]
    text = "\n\n".join(part for part in parts if part)
    create_markdown_artifact(text, key="spike-atlas", description="Key figures and claims")
    return page
