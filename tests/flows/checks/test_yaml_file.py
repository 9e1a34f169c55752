from __future__ import annotations

from typing import Any

import pytest
import yaml

from spikeatlas.flows.checks.yaml_file import load_yaml
from spikeatlas.tasks.study.study import StudyError


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("search: {budget: 1}\nseed: 3\nsearch:\n  share: true\n", "search stands twice, in lines 1 and 3"),
        ("search:\n  budget: 1\n  share: true\n  budget: 2\n", "budget stands twice, in lines 2 and 4"),
        ("a:\n- b: 1\n  c: {d: 1, e: 2, d: 3}\n", "d stands twice in line 3"),
        ("a: 1\na: 2\na: 3\n", "a stands 3 times, in lines 1, 2 and 3"),
        ("a: &x {b: 1, b: 2}\nc: *x\n", "b stands twice in line 1"),
        ("'a': 1\na: 2\n", "a stands twice, in lines 1 and 2"),
    ],
)  # fmt: skip
def test_a_key_that_stands_twice_is_named_with_its_lines(text: str, sentence: str) -> None:
    with pytest.raises(StudyError, match=f"^{sentence}: the last would replace the others"):
        load_yaml(text)


def test_all_doubles_are_told_at_once() -> None:
    with pytest.raises(StudyError) as caught:
        load_yaml("a: {b: 1, b: 2}\nc: 1\nc: 010\n")
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "b stands twice in line 1",
        "line 3",
        "c stands twice, in lines 2 and 3",
    ]


def test_what_is_merged_may_be_overridden_and_merged_again() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {<<: *a, x: 2}\nc: {<<: [*a, {z: 4}], y: 3}\nd: *b\n"
    assert load_yaml(text) == {
        "a": {"x": 1, "y": 1},
        "b": {"x": 2, "y": 1},
        "c": {"x": 1, "y": 3, "z": 4},
        "d": {"x": 2, "y": 1},
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("Off", "Off"), ("y", "y"), ("true", True), ("FALSE", False),
        ("1:20", "1:20"), ("190:20:30.15", "190:20:30.15"), ("2024-01-01", "2024-01-01"), ("0o17", "0o17"),
        ("0b11", "0b11"), ("1e5", 1e5), ("1e-3", 1e-3), ("-2E+3", -2e3), ("1.", 1.0), (".5", 0.5), ("1.5e3", 1500.0),
        ("12", 12), ("-7", -7), ("+7", 7), ("1_000", 1000), ("0", 0), ("-0", 0), ("0.5", 0.5), ("0x1F", 31),
        (".inf", float("inf")), ("'010'", "010"), ("~", None), ("null", None), ("", None), ("'~'", "~"), ("~/x", "~/x"),
        ("1e", "1e"), ("e5", "e5"), (".", "."), ("1.2.3", "1.2.3"), ("-", [None]), ("tt-exp", "tt-exp"),
    ],
)  # fmt: skip
def test_words_are_read_as_people_mean_them(text: str, value: Any) -> None:
    loaded = load_yaml(text)
    assert loaded == value
    assert type(loaded) is type(value)


def test_keys_are_read_so_too() -> None:
    assert load_yaml("{no: 1, 0: a, 1.5: b, on: {off: yes}}") == {
        "no": 1,
        0: "a",
        1.5: "b",
        "on": {"off": "yes"},
    }


@pytest.mark.parametrize("number", ["010", "-007", "08", "0_1", "00"])
def test_a_number_that_begins_with_0_is_refused_with_its_line(number: str) -> None:
    with pytest.raises(StudyError, match=rf"^line 2: {number} begins with 0, .* '{number}' for"):
        load_yaml(f"a: 1\nb: [{number}]\n")


def test_what_is_no_yaml_stays_an_error_of_yaml() -> None:
    for text in ("a: [1", "a: 1\n---\nb: 2\n", "!!python/object:os.system {}", "{[1]: 2, [1]: 3}"):
        with pytest.raises(yaml.YAMLError):
            load_yaml(text)
