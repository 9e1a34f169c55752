"""Tags by which runs are found on Prefect's page."""

from __future__ import annotations

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext

from spikeatlas.tasks.study.run import Run


def tag_run(run: Run) -> None:
    """Tag the flow run at work with what it is about.

    Not its task runs: for each tag of one, Prefect asks its server whether there is room for it.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    names = {*context.flow_run.tags, "spikeatlas", run.data.dataset, run.generator.kind}
    with get_client(sync_client=True) as client:
        client.update_flow_run(context.flow_run.id, tags=sorted(names))
