"""The flow that writes the report and shows its key figures in Prefect's UI."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import flow
from prefect.artifacts import MarkdownArtifact

from spikeatlas.flows.checks.roots import require_report_within
from spikeatlas.flows.runners.run_page import absolute, artifact_key, link, publish
from spikeatlas.flows.runners.task_runners import submit
from spikeatlas.snn.allowed_places import expand
from spikeatlas.tasks import units
from spikeatlas.tasks.study.location import place

log = logging.getLogger("spikeatlas")


@flow(name="report", flow_run_name="report")
def report_flow(atlas: str, folder: Path) -> Path:
    """Write the page of an atlas (a folder or a URL), then publish its key figures with its address.

    1. ``report``: a self-contained HTML page. 2. a markdown artifact on the run's page: figures, claims, and the
    pages as links where ``spikeatlas serve`` shows their folder, else as paths.
    Raises StudyError where this host allows one of the two places not.
    """
    # the pages draw: a second to import, which a run that a worker starts does not wait for
    from spikeatlas.tasks.report.artifacts import claims_text  # noqa: PLC0415
    from spikeatlas.tasks.report.explorer.claim_rows import read_claims  # noqa: PLC0415
    from spikeatlas.tasks.report.page import EXPLORER  # noqa: PLC0415

    location, folder = place(atlas), expand(folder)
    require_report_within(location, folder)
    log.info("report")
    result: tuple[Path, str] = submit(units.report_task, location, folder).result()
    page, figures = result
    explorer = page.with_name(EXPLORER)
    parts = [
        figures,
        claims_text(read_claims(location)[0]),
        link("Open the report", page),
        link("Explore every neuron", explorer),
        f"Atlas: `{absolute(location)}`",
    ]
    text = "\n\n".join(part for part in parts if part)
    key = artifact_key(location, "atlas")
    publish(MarkdownArtifact(markdown=text, key=key, description="Key figures, claims and paths"))
    return page
