"""The units of work as Prefect sees them: their names, retries, and one thread."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from prefect import Task

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks import units
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers.opaque import Opaque

NAMES = {
    "train_generator_task": "train generator",
    "train_network_task": "train network",
    "train_classifier_task": "train classifier",
    "train_prior_task": "train prior",
    "assess_task": "assess generator",
    "record_network_task": "record network",
    "record_generator_task": "record generator",
    "observe_task": "observe epoch={epoch:g}",
    "blank_task": "show blanks epoch={epoch:g}",
    "screen_task": "screen epoch={epoch:g}",
    "maximize_task": "maximize epoch={epoch:g} layer={layer} neurons={start}-{stop}",
    "maximize_epoch_task": "maximize together epoch={epoch:g}",
    "analyze_task": "analyze epoch={epoch:g}",
    "cross_task": "cross epoch={epoch:g}",
    "know_task": "compare with all known epoch={epoch:g}",
    "ablate_task": "ablate epoch={epoch:g}",
    "judge_life_task": "judge life epoch={epoch:g}",
    "conclude_task": "conclude",
    "report_task": "report",
}


def tasks() -> dict[str, Task[..., Any]]:
    return {name: value for name, value in vars(units).items() if isinstance(value, Task)}


def test_task_runs_are_named_as_people_watch_them() -> None:
    assert {name: unit.task_run_name for name, unit in tasks().items()} == NAMES
    assert {name: unit.name for name, unit in tasks().items()} == {
        name: text.split(" epoch=")[0] for name, text in NAMES.items()
    }


def test_only_searches_are_tried_again() -> None:
    assert {name for name, unit in tasks().items() if unit.retries} == {
        "maximize_task",
        "maximize_epoch_task",
    }
    assert not any(unit.persist_result for unit in tasks().values())


def test_a_writer_gets_the_run_and_one_thread(
    made: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    locks = []

    def body(run: Run, epoch: float) -> int:
        calls.append((run, epoch))
        return torch.get_num_threads()

    def writing(
        folder: Path, run_id: str, atlas: object, _lost: object
    ) -> AbstractContextManager[None]:
        locks.append((folder, run_id, atlas))
        return nullcontext()

    monkeypatch.setattr(units, "writing", writing)
    torch.set_num_threads(2)
    assert units._writer(body)(Opaque(made.run), 2.0) == 1
    assert calls == [(made.run, 2.0)]
    assert locks == [(made.run.folder, made.run.run_id, made.run.atlas)]
