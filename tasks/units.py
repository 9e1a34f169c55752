"""The units of work as Prefect tasks: names to watch, retries, and nothing else.

The bodies are plain functions in the neighbouring modules and run without Prefect. Prefect caches and
persists nothing: the atlas is the only record of what is done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext

from spikeatlas.tasks.analysis.claim import Claim
from spikeatlas.tasks.atlas import writing
from spikeatlas.tasks.report import key_figures, read_summary, write_pages
from spikeatlas.tasks.stages.ablate import ablate as ablate_epoch
from spikeatlas.tasks.stages.analyze import analyze as analyze_epoch
from spikeatlas.tasks.stages.assess import assess as assess_generator
from spikeatlas.tasks.stages.conclude import conclude as conclude_training
from spikeatlas.tasks.stages.cross import cross as cross_epoch
from spikeatlas.tasks.stages.maximize import maximize as maximize_block
from spikeatlas.tasks.stages.observe import observe as observe_epoch
from spikeatlas.tasks.stages.screen import screen as screen_epoch
from spikeatlas.tasks.stages.train import record_training
from spikeatlas.tasks.stages.train import train_classifier as make_classifier
from spikeatlas.tasks.stages.train import train_generator as make_generator
from spikeatlas.tasks.stages.train import train_network as make_checkpoints
from spikeatlas.tasks.stages.train import train_prior as make_prior
from spikeatlas.tasks.study.location import Place
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import stopping
from spikeatlas.tasks.workers.opaque import Sealed
from spikeatlas.tasks.workers.process import ended_if_stuck


def _worth_retrying(_task: Task[..., Any], _run: TaskRun, _state: State[Any]) -> bool:
    return not stopping.stop_asked()


def _writer(body: Callable[..., Any]) -> Callable[..., Any]:
    """A unit that writes, as one of its run's."""

    @wraps(body)
    def owned(run: Sealed, *arguments: Any) -> Any:
        own = run.run
        with (
            writing(own.folder, own.run_id, own.atlas, stopping.ask_to_stop),
            ended_if_stuck(_time_left()),
        ):
            return body(own, *arguments)

    return owned


def _time_left() -> float | None:
    """Seconds that Prefect gives this task run."""
    context = TaskRunContext.get()
    return None if context is None else context.task.timeout_seconds


def _conclude(run: Run) -> list[Claim]:
    return conclude_training(run.atlas)


def _report(atlas: Place, folder: Path) -> tuple[Path, str]:
    """The page, and the key figures as Markdown: an atlas of many blocks takes long to read."""
    summary = read_summary(atlas)
    return write_pages(atlas, summary, folder), key_figures(summary)


def _unit(body: Any, name: str, **options: Any) -> Any:
    return task(body, name=name, cache_policy=NO_CACHE, persist_result=False, **options)


train_generator = _unit(_writer(make_generator), "train generator", task_run_name="train generator")
train_network = _unit(_writer(make_checkpoints), "train network", task_run_name="train network")
train_classifier = _unit(
    _writer(make_classifier), "train classifier", task_run_name="train classifier"
)
train_prior = _unit(_writer(make_prior), "train prior", task_run_name="train prior")
assess = _unit(_writer(assess_generator), "assess generator", task_run_name="assess generator")
record = _unit(_writer(record_training), "record training", task_run_name="record training")
observe = _unit(_writer(observe_epoch), "observe", task_run_name="observe epoch={epoch:g}")
screen = _unit(_writer(screen_epoch), "screen", task_run_name="screen epoch={epoch:g}")
maximize = _unit(
    _writer(maximize_block),
    "maximize",
    task_run_name="maximize epoch={epoch:g} layer={layer} neurons={start}-{stop}",
    retries=2,
    retry_delay_seconds=[1, 10],
    retry_condition_fn=_worth_retrying,
)
analyze = _unit(_writer(analyze_epoch), "analyze", task_run_name="analyze epoch={epoch:g}")
cross = _unit(_writer(cross_epoch), "cross", task_run_name="cross epoch={epoch:g}")
ablate = _unit(_writer(ablate_epoch), "ablate", task_run_name="ablate epoch={epoch:g}")
conclude = _unit(_writer(_conclude), "conclude", task_run_name="conclude")
report = _unit(_report, "report", task_run_name="report")
