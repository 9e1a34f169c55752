"""A test is marked by what it reaches, whatever stands between."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spikeatlas.snn.training import train_network
from tests.marks import TOUCHES, reach
from tests.tiny import build

ROOT = Path(__file__).parents[1]


def trained() -> object:
    return train_network


def imported_late() -> object:
    from tests.tiny import build as late

    return late({})


class Trained:
    def fill(self) -> None:
        trained()


def test_names_are_those_of_all_functions_of_the_tests_on_the_way() -> None:
    assert "train_network" in reach(trained)
    assert "train_network" in reach(lambda: Trained().fill())
    assert "train_classifier" in reach(lambda: build({}))
    assert "train_classifier" in reach(imported_late)
    assert "train_network" not in reach(lambda: ROOT)


@pytest.fixture
def network() -> None:
    trained()


def mark_names(request: pytest.FixtureRequest) -> set[str]:
    return {mark.name for mark in request.node.iter_markers()} & set(TOUCHES)


@pytest.mark.usefixtures("network")
def test_a_fixture_marks_its_tests(request: pytest.FixtureRequest) -> None:
    assert mark_names(request) == {"trains"}


@pytest.mark.parametrize("name", ["network", "tmp_path"])
def test_a_fixture_that_is_asked_for_by_name_does_too(
    request: pytest.FixtureRequest, name: str
) -> None:
    request.getfixturevalue(name)
    assert mark_names(request) == ({"trains"} if name == "network" else set())


def test_the_names_are_those_of_the_program() -> None:
    text = "\n".join(
        path.read_text()
        for room in ("flows", "tasks", "snn", "tests")
        for path in (ROOT / room).rglob("*.py")
    )
    foreign = {"sync_playwright", "LocalCluster", "spikeatlas.flows.cli"}
    for name in set().union(*TOUCHES.values()) - foreign:
        assert re.search(rf"^(def|class) {name}\b", text, re.MULTILINE), name
