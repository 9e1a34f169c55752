"""The units of work as Prefect tasks: names to watch, retries, and nothing else.

The bodies are plain functions (``tasks/stages``) and run without Prefect. Prefect caches and persists
nothing: the atlas is the only record of what is done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler
from prefect.states import Cancelled

from spikeatlas.tasks.analysis.claim import Claim
from spikeatlas.tasks.atlas import writing
from spikeatlas.tasks.stages.ablate import ablate
from spikeatlas.tasks.stages.analyze import analyze
from spikeatlas.tasks.stages.assess import assess
from spikeatlas.tasks.stages.blank import show_blanks
from spikeatlas.tasks.stages.conclude import conclude
from spikeatlas.tasks.stages.cross import cross
from spikeatlas.tasks.stages.know import know
from spikeatlas.tasks.stages.living import judge_life
from spikeatlas.tasks.stages.maximize import maximize, maximize_epoch
from spikeatlas.tasks.stages.observe import observe
from spikeatlas.tasks.stages.screen import screen
from spikeatlas.tasks.stages.train import (
    record_generator,
    record_network,
    train_classifier,
    train_generator,
    train_network,
    train_prior,
)
from spikeatlas.tasks.study.location import Place
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import stopping
from spikeatlas.tasks.workers.opaque import Opaque
from spikeatlas.tasks.workers.process import ended_if_stuck, one_thread

log = logging.getLogger("spikeatlas")


def _log_to_prefect() -> None:
    """Let our log lines be on the page of the run that they are of, whoever started this process.

    Prefect's setting for loggers of others would have to be made before anybody imports it, and knows no level.
    """
    if log.level == logging.NOTSET:
        log.setLevel(logging.INFO)
    if not any(isinstance(handler, APILogHandler) for handler in log.handlers):
        handler = APILogHandler()
        # elsewhere there is no page, and Prefect would warn of each line
        handler.addFilter(lambda _: bool(FlowRunContext.get() or TaskRunContext.get()))
        log.addHandler(handler)


_log_to_prefect()


def _worth_retrying(_task: Task[..., Any], _run: TaskRun, _state: State[Any]) -> bool:
    return not stopping.stop_asked()


def _writer(body: Callable[..., Any]) -> Callable[..., Any]:
    """Return a unit that writes, as one of its run's, in one thread, and that ends if it is stuck.

    One that is stopped on request ends as cancelled: it did not fail.
    """

    @wraps(body)
    def unit(run: Opaque, *arguments: Any) -> Any:
        one_thread()
        resolved = run.run
        try:
            with (
                writing(resolved.folder, resolved.run_id, resolved.atlas, stopping.ask_to_stop),
                ended_if_stuck(_time_out()),
            ):
                return body(resolved, *arguments)
        except InterruptedError as request:
            return Cancelled(message=str(request), data=request)

    return unit


def _time_out() -> float | None:
    """Return the seconds that Prefect gives this task run."""
    context = TaskRunContext.get()
    return None if context is None else context.task.timeout_seconds


def _conclude(run: Run) -> list[Claim]:
    return conclude(run.atlas)


def _report(atlas: Place, folder: Path) -> tuple[Path, str]:
    """Write the page, and return it with the key figures as Markdown: both need one long reading."""
    # drawing is heavy to import, and of all processes only this one draws
    from spikeatlas.tasks.report import key_figures, read_summary, write_pages  # noqa: PLC0415

    summary = read_summary(atlas)
    return write_pages(atlas, summary, folder), key_figures(summary)


def _task(body: Any, name: str, subject: str = "", **options: Any) -> Any:
    run_name = f"{name} {subject}".rstrip()
    options = {"cache_policy": NO_CACHE, "persist_result": False, **options}
    return task(body, name=name, task_run_name=run_name, **options)


def _epoch_task(body: Any, name: str) -> Any:
    return _task(_writer(body), name, "epoch={epoch:g}")


train_generator_task = _task(_writer(train_generator), "train generator")
train_network_task = _task(_writer(train_network), "train network")
train_classifier_task = _task(_writer(train_classifier), "train classifier")
train_prior_task = _task(_writer(train_prior), "train prior")
assess_task = _task(_writer(assess), "assess generator")
record_network_task = _task(_writer(record_network), "record network")
record_generator_task = _task(_writer(record_generator), "record generator")
observe_task = _epoch_task(observe, "observe")
blank_task = _epoch_task(show_blanks, "show blanks")
screen_task = _epoch_task(screen, "screen")
_RETRIES: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [1, 10],
    "retry_condition_fn": _worth_retrying,
}
maximize_task = _task(
    _writer(maximize),
    "maximize",
    "epoch={epoch:g} layer={layer} neurons={start}-{stop}",
    **_RETRIES,
)
maximize_epoch_task = _task(
    _writer(maximize_epoch), "maximize together", "epoch={epoch:g}", **_RETRIES
)
analyze_task = _epoch_task(analyze, "analyze")
cross_task = _epoch_task(cross, "cross")
know_task = _epoch_task(know, "compare with all known")
ablate_task = _epoch_task(ablate, "ablate")
judge_life_task = _epoch_task(judge_life, "judge life")
conclude_task = _task(_writer(_conclude), "conclude")
report_task = _task(_report, "report")
