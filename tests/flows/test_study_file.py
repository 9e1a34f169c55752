from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from spikeatlas.flows.study_file import parse, read_study
from spikeatlas.tasks.study.study import Study, StudyError


def test_an_empty_study_is_the_default(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("")

    assert parse(read_study(tmp_path / "study.yaml")) == (Study(), [], frozenset())


def test_overrides_reach_nested_fields(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("search: {budget: 10}\n")

    raw = read_study(path, ["search.budget=500", "probe.epochs=[0, 2]", "seed=3"])

    assert raw == {"search": {"budget": 500}, "probe": {"epochs": [0, 2]}, "seed": 3}


@pytest.mark.parametrize("override", ["search.budget", "=3", "seed.deep=1"])
def test_a_broken_override_is_explained(tmp_path: Path, override: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("seed: 1\n")

    with pytest.raises(StudyError, match="--set"):
        read_study(path, [override])


@pytest.mark.parametrize("text", ["a: [1", "- 1\n- 2\n", "\x00"])
def test_a_file_that_is_no_study_is_explained(tmp_path: Path, text: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text)

    with pytest.raises(StudyError, match=r"study.yaml"):
        read_study(path)


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no study file"):
        read_study(tmp_path / "none.yaml")


def test_errors_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(StudyError(["one", "two"])))  # noqa: S301

    assert error.problems == ["one", "two"]


def test_the_former_name_of_a_field_is_told_with_the_new_one() -> None:
    study, problems, gaps = parse({"training": {"loop": "steps"}})

    assert study.training.backend.kind == "eager"
    assert problems == [
        "training.loop is now training.backend: write backend: eager instead of loop: steps"
    ]
    assert gaps == frozenset()


def test_sections_that_do_not_say_what_was_meant_are_gaps() -> None:
    raw = {"seed": -1, "training": {"epochs": True}, "serch": {}, "probe": {"layers": ["fc1"]}}
    study, problems, gaps = parse(raw)

    assert len(problems) == 3
    assert gaps == {"seed", "training", "search"}
    assert study.probe.layers == ("fc1",)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (
            "network.normalise.mean=",
            (
                r"network.normalise is 'none', not a group of fields; set the whole group, --set "
                r"'network.normalise=\{mean: ...\}'"
            ),
        ),
        ("network.normalise.a.b=1", r"--set 'network.normalise=\{a: \{b: ...\}\}'"),
        ("seed={", r"--set seed=\{: \{ is no YAML \(expected .*\); write it as in a file"),
    ],
)
def test_an_override_that_cannot_be_says_how_to_mend_it(
    tmp_path: Path, override: str, sentence: str
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("network: {normalise: none}\n")

    with pytest.raises(StudyError, match=sentence):
        read_study(path, [override])


def test_a_key_that_stands_twice_is_refused_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("search: {repeats: 5}\nsearch: {budget: 9}\n")

    with pytest.raises(StudyError, match=r"study.yaml: search stands twice, in lines 1 and 2"):
        read_study(path)


def test_an_override_is_read_as_a_file_is(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("seed: 1\n")

    assert read_study(path, ["output=no", "search.budget=1e3"])["output"] == "no"
    with pytest.raises(StudyError, match=r"--set search=.*: budget stands twice in line 1"):
        read_study(path, ["search={budget: 1, budget: 2}"])


def test_a_study_is_utf_8_whatever_the_locale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "latin-1")
    path = tmp_path / "study.yaml"
    path.write_bytes("output: runs/größe\n".encode())

    assert read_study(path) == {"output": "runs/größe"}
