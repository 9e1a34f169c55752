from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.checks.study_checks import check
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import tiny

SEQUENCES = {"dataset": "saccades", "frames": 3, "limit": 60}


def problems(tmp_path: Path, **sections: Any) -> list[str]:
    raw = tiny(tmp_path / "run", analysis={"images": 40, "ablation_images": 40}, **sections)
    with pytest.raises(StudyError) as caught:
        check(raw)
    assert not (tmp_path / "run").exists()
    return caught.value.problems


@pytest.mark.parametrize(
    ("sections", "parts"),
    [
        ({}, ("search.methods", "sequences of 3 frames", "methods: []")),
        (
            {"search": {"methods": []}, "classifier": {"width": 2}},
            ("classifier: the data are sequences of 3 frames", "still images"),
        ),
        (
            {"search": {"methods": []}, "network": {"time_steps": 7}},
            ("data:", "time_steps is 7", "multiple of 3"),
        ),
    ],
)
def test_what_sequences_do_not_serve_is_a_mistake_of_the_study(
    tmp_path: Path, sections: dict[str, Any], parts: tuple[str, ...]
) -> None:
    sentences = problems(tmp_path, data=SEQUENCES, **sections)
    assert any(all(part in sentence for part in parts) for sentence in sentences)


def test_still_images_need_a_method(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, search={"methods": []})
    assert problem == "search.methods: the list is empty; name at least one method"


def test_a_training_on_sequences_may_be_watched(tmp_path: Path) -> None:
    sections = {"data": SEQUENCES, "search": {"methods": []}, "watch": {"max_epochs": 2}}
    analysis = {"images": 40, "ablation_images": 40}
    assert check(tiny(tmp_path / "run", analysis=analysis, **sections)).layout.methods == ()
