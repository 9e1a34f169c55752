"""A section that does not parse is told, and no other is accused of what its default does not go with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from spikeatlas.flows.checks.study_checks import check
from spikeatlas.tasks.study.study import StudyError
from tests.pages import ROOT
from tests.tiny import tiny

RULES = ROOT / "deployments" / "studies" / "rules"


def problems(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(StudyError) as caught:
        check(raw)
    return caught.value.problems


def rules(folder: Path, name: str, **fields: Any) -> dict[str, Any]:
    """A study of the docs, with other fields in some of its sections, each by ``section__field``."""
    raw: dict[str, Any] = yaml.safe_load((RULES / f"{name}.yaml").read_text())
    for path, value in fields.items():
        section, field = path.split("__")
        raw[section] = {**raw.get(section, {}), field: value}
    return {**raw, "output": str(folder / "run")}


@pytest.mark.parametrize(
    ("name", "fields", "start"),
    [
        ("spide", {"network__units": 0}, "network.units: 0"),
        ("spide", {"training__method": {"kind": "spide", "steps": 0}}, "training.method.steps: 0"),
        ("demp", {"training__callbacks": [{"kind": "demp", "nose": 1}]}, "training.callbacks.0.nose"),
        ("demp", {"training__epochs": "twenty"}, "training.epochs: 'twenty'"),
        ("demp", {"training__epochs": True}, "training.epochs: true"),
        ("actor", {"network__hidden": [0]}, "network.hidden.0: 0"),
        ("actor", {"training__method": {"kind": "td3", "every": 0}}, "training.method.every: 0"),
        ("actor", {"data__train": -1}, "data.train: -1"),
        ("actor", {"generator__levels": -1}, "generator.levels: -1"),
        ("actor", {"search__budget": 0}, "search.budget: 0"),
        ("actor", {"probe__unit": "middle"}, "probe.unit"),
    ],
)  # fmt: skip
def test_one_typo_accuses_no_other_section(
    tmp_path: Path, name: str, fields: dict[str, Any], start: str
) -> None:
    if name == "actor":
        pytest.importorskip("gymnasium", reason="actors act in Gymnasium's environments")
    (problem,) = problems(rules(tmp_path, name, **fields))
    assert problem.startswith(start)


def test_a_misspelt_section_accuses_no_other(tmp_path: Path) -> None:
    raw = rules(tmp_path, "spide")
    raw["netwrok"] = raw.pop("network")
    (problem,) = problems(raw)
    assert problem.startswith("netwrok: there is no such field (did you mean network")


def test_mistakes_of_other_sections_are_named_beside_it(tmp_path: Path) -> None:
    sections = {
        "network": {"kernel": "three"},
        "training": {"callbacks": ["none"], "backend": "fastest"},
        "generator": {"positions": 9},
        "probe": {"epochs": []},
        "search": {"methods": ["tt-xp"]},
        "analysis": {"images": 39, "position": "channel"},
        "seed": -1,
    }
    starts = {problem.split(":")[0] for problem in problems(tiny(tmp_path / "run", **sections))}
    assert starts == {
        "network.kernel",
        "training.callbacks.0",
        "training.backend",
        "generator.positions is 9",
        "probe.epochs",
        "search.methods",
        "analysis.images",
        "analysis.position",
        "seed",
    }


def test_names_are_checked_without_what_they_are_made_of(tmp_path: Path) -> None:
    """The layers' names need no images, and the methods' no generator."""
    sections = {
        "data": {"limit": 0},
        "generator": {"codes": "many"},
        "probe": {"layers": ["conv9"], "neurons": [40]},
        "search": {"methods": ["tt-xp"]},
    }
    starts = [problem.split(":")[0] for problem in problems(tiny(tmp_path / "run", **sections))]
    assert sorted(starts) == ["data.limit", "generator.codes", "probe.layers", "search.methods"]
