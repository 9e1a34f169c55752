"""Returns are measured once, gone on with, and held against their bars."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from spikeatlas.flows.benchmark.comparison import read_comparison
from spikeatlas.flows.benchmark.modes.rules import actor_returns
from spikeatlas.flows.benchmark.modes.rules.actor_returns import ReturnComparison, compare_returns
from spikeatlas.tasks.study.study import StudyError
from tests.pages import ROOT
from tests.snn.actors import QUICK

pytest.importorskip("gymnasium", reason="actors act in Gymnasium's environments (extra actor)")

METHOD = {**QUICK, "every": 40}


def written(folder: Path, **fields: Any) -> Path:
    raw: dict[str, Any] = {
        "data": {"dataset": "observations", "train": 4, "test": 4},
        "network": {"kind": "actor", "hidden": [4]},
        "training": {"epochs": 40, "surrogate": "rectangle", "method": METHOD},
        "seeds": [0],
        "rows": [{"name": "spiking"}, {"name": "plain", "network": {"neuron": "relu", "time_steps": 1, "links": "none"}}],
        "bars": {"spiking": -1e9, "plain": 0},
        "episodes": 2,
        "output": str(folder / "out"),
        "results": str(folder / "results"),
    }  # fmt: skip
    path = folder / "actor.yaml"
    path.write_text(yaml.safe_dump({**raw, **fields}))
    return path


def test_returns_are_measured_once_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path)
    *lines, table = compare_returns(path)
    assert [line.split(",")[0] for line in lines] == ["spiking", "plain"]
    assert "-1e+09: reached" in table
    assert "0: missed" in table
    pieces = {file.stem: json.loads(file.read_text()) for file in (tmp_path / "results").iterdir()}
    assert set(pieces) == {"spiking-seed-0", "plain-seed-0"}
    for piece in pieces.values():
        assert piece["steps"] == 40
        assert len(piece["returns"]) == len(piece["untrained"]) == 2
        assert piece["returns"] != piece["untrained"]

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("it is there")

    monkeypatch.setattr(actor_returns, "train_network", refuse)
    assert list(compare_returns(path)) == [table]
    # a damaged file, or another version's, is no number
    file = tmp_path / "results" / "plain-seed-0.json"
    kept = file.read_text()
    for content in (kept[:40], '{"row": "plain", "seed": 0}'):
        file.write_text(content)
        assert "0: missed" not in next(iter(compare_returns(path, table=True)))
    file.write_text(kept)
    # other episodes are other numbers
    (empty,) = compare_returns(path, ["episodes=3"], table=True)
    assert "reached" not in empty


def test_a_stopped_one_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(compare_returns(written(tmp_path)))[-1]
    other = tmp_path / "other"
    other.mkdir()
    steps = iter(range(25))
    with monkeypatch.context() as patch:
        patch.setattr(actor_returns, "stop_asked", lambda: next(steps, None) is None)
        with pytest.raises(InterruptedError):
            list(compare_returns(written(other)))
    again = list(compare_returns(written(other)))[-1]
    # all but the seconds, which nobody knows of a training in parts
    assert again.splitlines()[2].split("|")[1:8] == whole.splitlines()[2].split("|")[1:8]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"bars": {"spikes": -400}}, "bars: 'spikes' is no row; name one of spiking, plain"),
        (
            {"training": {"epochs": 5}},
            "row 'spiking': training.method: backprop cannot train such a network; choose td3",
        ),
        ({"episodes": 0}, "episodes"),
        (
            {"workers": 7},
            "workers: of networks that read classes, which actors do not; leave it out",
        ),
        ({"rows": [{"name": "spiking", "least": 0.9}], "bars": {}}, "least: of networks that read"),
        ({"bars": {"spiking": float("nan")}}, "bars.spiking: nan is not allowed"),
        (
            {"data": {"dataset": "digits"}},
            "data.dataset: digits has no observations, which actors take; write data: {dataset: observations}",
        ),
        (
            {"data": {"dataset": "observations", "environment": "MountainCarContinuous-v0"}},
            "row 'spiking': training.method.environment: Pendulum-v1 is not data.environment, MountainCarContinuous-v0",
        ),
    ],
)
def test_mistakes_are_sentences(tmp_path: Path, fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StudyError) as caught:
        list(compare_returns(written(tmp_path, **fields)))
    assert any(problem.startswith(sentence) for problem in caught.value.problems), (
        caught.value.problems
    )
    assert not (tmp_path / "out").exists()


def test_the_file_of_the_docs_is_sound() -> None:
    comparison = read_comparison(ROOT / "deployments/benchmarks/actor.yaml", (), ReturnComparison)
    assert comparison.bars == {"spiking": -400}
    assert all(row.training.epochs <= 20_000 for row in comparison.rows)
