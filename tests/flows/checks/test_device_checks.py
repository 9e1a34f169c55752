from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from spikeatlas.flows.checks.device_checks import device_problems
from spikeatlas.flows.checks.study_checks import check
from spikeatlas.tasks.study.study import Study, StudyError
from spikeatlas.tasks.study.value_fields import study_digest
from tests.gpu import stand_in
from tests.tiny import tiny


@pytest.mark.parametrize("section", ["responder", "training"])
def test_a_device_that_is_not_here_is_a_mistake_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    raw = tiny(tmp_path / "run", **{section: {"device": "cuda"}})
    with pytest.raises(StudyError) as caught:
        check(raw)
    assert len(caught.value.problems) == 1
    assert f"{section}.device: cuda" in caught.value.problems[0]
    assert not (tmp_path / "run").exists()


def test_a_device_that_is_here_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    study = Study.model_validate({"training": {"device": "cuda"}, "responder": {"device": "cuda"}})
    assert device_problems(study) == []


def test_training_elsewhere_asks_for_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    study = Study.model_validate(
        {"training": {"device": "cuda"}, "network": {"checkpoints": "checkpoints"}}
    )
    assert device_problems(study) == []


def digest(raw: dict[str, Any]) -> str:
    return study_digest(Study.model_validate(raw))


def test_a_device_is_part_of_the_digest_and_the_default_goes_unsaid(tmp_path: Path) -> None:
    digests = {
        digest(tiny(tmp_path)),
        digest(tiny(tmp_path, responder={"device": "cuda"})),
        digest(tiny(tmp_path, training={"device": "cuda"})),
    }
    assert len(digests) == 3
    assert digest(tiny(tmp_path, responder={"device": "cpu"})) in digests
    assert '"device"' not in Study.model_validate(tiny(tmp_path)).model_dump_json()
