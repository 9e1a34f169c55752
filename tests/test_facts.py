"""The numbers of the page for citing are the program's own."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from functools import reduce
from typing import Any

import pytest
import yaml

from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.study.study import Study
from tests.pages import ROOT

PAGE = (ROOT / "docs" / "facts.md").read_text()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ROWS = re.findall(r"^\| [^|]+ \| ([^|`]+) \| `([^`|]+)` \|$", PAGE, re.MULTILINE)


def value(name: str) -> Any:
    """Return what a row of the table names: a study's default, a bar of the claims, the project's, or a constant."""
    kind, _, rest = name.partition(" ")
    if kind == "study":
        return reduce(getattr, rest.split("."), Study())
    if kind == "claims":
        return getattr(thresholds(), rest)
    if kind == "project":
        return PROJECT[rest]
    module, _, constant = name.rpartition(".")
    return getattr(importlib.import_module(module), constant)


@pytest.mark.parametrize(("text", "name"), ROWS)
def test_the_number_is_the_program_s(text: str, name: str) -> None:
    assert str(value(name)) == text


def test_there_are_numbers() -> None:
    assert len(ROWS) == 19


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())

    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == [
        {"name": re.search(r"Copyright \(c\) \d+ (.*)", (ROOT / "LICENSE").read_text())[1]}  # type: ignore[index]
    ]


POSITIONS = {"the demo's digits": "position-digits.json", "Fashion-MNIST": "position-fashion.json"}
COLUMNS = ("csi, channel", "csi, position", "selective, channel", "selective, position", "same class")  # fmt: skip


def test_channels_and_units_are_as_measured() -> None:
    page = (ROOT / "docs" / "selectivity.md").read_text()
    table = re.findall(
        r"^\| ([^|]+) \| (conv\d) \| ([\d.]+) \| (\d+) \| (.*) \|$", page, re.MULTILINE
    )
    assert len(table) == 8
    for images, layer, epoch, neurons, numbers in table:
        rows = json.loads((ROOT / "docs" / "results" / POSITIONS[images]).read_text())
        (row,) = [row for row in rows if row["layer"] == layer and row["epoch"] == float(epoch)]
        assert row["neurons"] == int(neurons)
        assert numbers.split(" | ") == [f"{row[column]:.2f}" for column in COLUMNS]
