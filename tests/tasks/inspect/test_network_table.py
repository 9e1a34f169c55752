"""A study's network as a table: its layers, its accuracy, what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.inspect.network_table import describe_network
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.workers import models
from tests.tiny import tiny


def test_a_network_before_its_training_is_described_untrained(tmp_path: Path) -> None:
    text = describe_network(Study.model_validate(tiny(tmp_path)))

    assert "untrained" in text
    for part in ("conv1", "conv2", "fc1", "out", "spikes a step and position", "chance 10.0%"):
        assert part in text


def test_the_last_epoch_s_accuracy_is_that_of_its_checkpoint(made: Checked) -> None:
    accuracy = models.source(made.run).progress(2).accuracy

    text = describe_network(made.run.study)

    assert "epoch 2" in text
    assert f"reads {accuracy:.1%} of" in text


@pytest.mark.parametrize("name", ["readout", "ablation"])
def test_what_a_network_lacks_is_said(
    made: Checked, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.source(made.run), "lacks", (name,))

    assert "does not have " in describe_network(made.run.study)
