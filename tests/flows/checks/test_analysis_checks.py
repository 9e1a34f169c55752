"""Measures of importance that a network does not have, in a sentence, before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.checks.study_checks import check
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import tiny

ABLATED = {"ablation": [2], "ablation_images": 100}


def problems(folder: Path, analysis: dict[str, Any], **sections: Any) -> list[str]:
    with pytest.raises(StudyError) as error:
        check(tiny(folder / "run", analysis=analysis, **sections))
    return error.value.problems


def test_what_a_function_does_not_have_is_said(tmp_path: Path) -> None:
    function = {
        "kind": "callable",
        "factory": "tests.snn.subjects.lab:recorder",
        "layers": {"v1": 5},
    }
    raw = tiny(
        tmp_path / "run",
        analysis={**ABLATED, "ablation": [0], "importance": ["naa", "magnitude", "rate"]},
    )
    raw = {**raw, "network": function, "probe": {"epochs": [0]}}
    del raw["training"]
    with pytest.raises(StudyError) as error:
        check(raw)
    sentences = [line for line in error.value.problems if line.startswith("analysis.importance")]
    assert len(sentences) == 2
    assert "naa follows gradients" in sentences[0]
    # measures are had at the epochs of an ablation, which a function does not have
    assert all(sentence.endswith("; leave analysis.importance out") for sentence in sentences)


@pytest.mark.parametrize(
    ("network", "training"),
    [
        ({"kind": "feedback", "units": 6, "time_steps": 4}, {"method": "spide", "epochs": 2}),
        ({"kind": "threshold-head", "units": 8}, {"method": {"kind": "convex-threshold", "path": [0.3, 0.1]}}),
    ],
    ids=["feedback", "threshold-head"],
)  # fmt: skip
def test_what_is_recommended_instead_can_be_had(
    tmp_path: Path, network: dict[str, Any], training: dict[str, Any]
) -> None:
    raw = {
        **tiny(tmp_path / "run", analysis={**ABLATED, "importance": ["naa"]}),
        "network": network,
        "training": training,
        "probe": {"epochs": [2]},
    }
    with pytest.raises(StudyError) as error:
        check(raw)
    (sentence,) = error.value.problems
    assert sentence.startswith("analysis.importance: naa follows gradients")
    assert sentence.endswith("; name rate or ablation instead")
    check({**raw, "analysis": {**ABLATED, "importance": ["rate", "ablation"]}})


@pytest.mark.parametrize(
    "fields", [{"network": {"time_steps": 10**9}}, {"analysis": {"lengths": [3, 10**9]}}]
)
def test_there_is_a_most_of_time_steps(tmp_path: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(StudyError) as error:
        check(tiny(tmp_path / "run", **fields))
    (sentence,) = error.value.problems
    assert sentence.endswith("1000000000 is not allowed; it should be 10000 or less")


def test_groups_of_neurons_are_not_attributed_to(tmp_path: Path) -> None:
    reading = {"kind": "population", "groups": {"fc1": [[0, 1], [2]]}}
    (sentence,) = problems(
        tmp_path, {**ABLATED, "importance": ["naa"]}, probe={"layers": ["fc1"], "reading": reading}
    )
    assert sentence.startswith("analysis.importance: naa follows gradients")


def test_a_measure_without_an_epoch_is_refused(tmp_path: Path) -> None:
    (sentence,) = problems(tmp_path, {"importance": ["rate"]})
    assert "analysis.ablation, which names none" in sentence


def test_a_measure_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    twice = ["naa", {"kind": "naa", "baseline": "mean"}]
    (sentence,) = problems(tmp_path, {**ABLATED, "importance": twice})
    assert "2 measures are called 'naa'" in sentence


def test_other_measures_are_asked_of_nobody(tmp_path: Path) -> None:
    checked = check(tiny(tmp_path / "run", analysis={**ABLATED, "importance": ["ablation", "naa"]}))
    assert [named.name for named in checked.layout.importance] == ["naa"]
    assert [named.name for named in checked.layout.class_importance] == ["naa"]
