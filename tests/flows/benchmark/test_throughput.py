"""Whole training steps are timed on every back end that is here, and side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from spikeatlas.flows.benchmark import throughput
from spikeatlas.flows.benchmark.modes.training_speed import time_training
from spikeatlas.flows.benchmark.throughput import (
    StepSpeed,
    absences,
    study_job,
    throughput_table,
    time_backends,
)
from spikeatlas.snn.training.backends import CompiledBackend
from spikeatlas.tasks.study.study import Study, StudyError


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # machine code takes a minute of compilation
    monkeypatch.setattr(CompiledBackend, "problems", lambda _: ["compiled is left out"])
    monkeypatch.setattr(throughput, "_ROUND", 0)
    path = tmp_path / "study.yaml"
    training = {"batch_size": 20}
    network = {"channels": [], "hidden": [4], "time_steps": 3}
    path.write_text(yaml.safe_dump({"network": network, "training": training}))
    return path


def test_every_back_end_takes_turns(study: Path) -> None:
    job = study_job(study, ["network.time_steps=2"])
    speeds = list(time_backends(job, 1))

    assert job.network.time_steps == 2
    ways = [(speed.backend, speed.precision) for speed in speeds]
    assert ways == [("fused", "float32"), ("eager", "float32"), ("eager", "bfloat16")]
    assert all(speed.seconds > 0 and speed.first >= 0 for speed in speeds)
    missing = list(absences(job))
    assert missing[0] == "not timed: training.backend: compiled is left out"
    assert "ipu needs an IPU" in missing[1]


def test_the_table_says_images_a_second(study: Path) -> None:
    job = study_job(study, ())
    speeds = [StepSpeed("fused", "float32", 0.01, 1.5), StepSpeed("eager", "float32", 0.04, 0.1)]

    table = throughput_table(job, speeds)
    assert "| fused | float32 | 2,000 | 4.00x | 1.5 |" in table
    assert "| eager | float32 | 500 | 1.00x | 0.1 |" in table
    assert "| fused | float32 | 2,000 | - | 1.5 |" in throughput_table(job, speeds[:1])


def test_the_command_prints_it(study: Path) -> None:
    printed = "\n".join(time_training(rounds=1, study=study))
    assert "T=3, batch 20; one thread, medians of 1 rounds" in printed
    assert "| eager | bfloat16 |" in printed


def test_what_cannot_be_timed_is_a_sentence(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Study.model_validate({"network": {"checkpoints": "elsewhere"}})
    monkeypatch.setattr(throughput, "check_network", lambda _: elsewhere)
    with pytest.raises(StudyError, match="it is not trained here"):
        study_job(study, ())
    with pytest.raises(ValueError, match="--training takes --images"):
        list(time_training(overrides=["training.lr=1"]))
