from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from spikeatlas.flows.benchmark.comparison import read_comparison
from spikeatlas.snn.subjects import ChainSpec, FeedbackSpec
from spikeatlas.snn.training.methods import Spide
from spikeatlas.tasks.study.study import StudyError

RAW: dict[str, Any] = {
    "data": {"dataset": "digits", "limit": 120},
    "network": {"channels": [], "hidden": [8], "time_steps": 4},
    "training": {"epochs": 1, "batch_size": 32},
    "seeds": [0, 1],
    "rows": [{"name": "LIF"}, {"name": "A & B", "network": {"beta": 0.5}, "controls": {"LIF": 2}}],
    "workers": 1,
}


def written(folder: Path, **fields: Any) -> Path:
    path = folder / "networks.yaml"
    places = {"output": str(folder / "out"), "results": str(folder / "results")}
    path.write_text(yaml.safe_dump({**RAW, **places, **fields}))
    return path


def test_rows_have_what_all_share_and_their_own(tmp_path: Path) -> None:
    comparison = read_comparison(written(tmp_path), ["training.epochs=3"])
    first, second = comparison.rows

    assert isinstance(first.network, ChainSpec)
    assert isinstance(second.network, ChainSpec)
    assert (first.network.beta, second.network.beta) == (0.9, 0.5)
    assert {row.training.epochs for row in comparison.rows} == {3}
    assert second.network.hidden == (8,)
    assert comparison.result_path(second, 1).name == "a---b-seed-1.json"


def test_a_key_follows_what_numbers_rest_on(tmp_path: Path) -> None:
    before = read_comparison(written(tmp_path))
    other = read_comparison(written(tmp_path, training={"epochs": 2}))
    elsewhere = {"dataset": "digits", "limit": 120, "root": str(tmp_path)}
    moved = read_comparison(
        written(tmp_path, output=str(tmp_path / "elsewhere"), workers=2, data=elsewhere)
    )
    keys = {(row.name, seed): before.key(row, seed) for row in before.rows for seed in (0, 1)}

    assert len(set(keys.values())) == 4
    assert other.key(other.rows[0], 0) != keys["LIF", 0]
    assert moved.key(moved.rows[0], 0) == keys["LIF", 0]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"rows": [{"name": "A", "controls": {"B": 1}}]},
            r"a control of 'A' is 'B', which is no row",
        ),
        ({"rows": [{"name": "A"}, {"name": "A"}]}, "several rows are called A"),
        ({"rows": [{"name": "A", "network": {"neuron": "leeky"}}]}, "did you mean leaky"),
        ({"rows": "LIF"}, "rows"),
        ({"rows": [{"name": "A", "least": 87}]}, "least"),
        (
            {"rows": [{"name": "A", "network": {"kind": "feedback", "units": 4}}], "network": {}},
            "^row 'A': training.method: backprop cannot train such a network; choose spide",
        ),
        (
            {
                "rows": [
                    {
                        "name": "A",
                        "network": {
                            "kind": "nir",
                            "file": "a.nir",
                            "normalise": "none",
                            "time_steps": 4,
                        },
                    }
                ],
                "network": {},
            },
            "row 'A': network.kind nir is not trained here; choose one of chain, resnet, feedback",
        ),
        (
            {"rows": [{"name": "A", "network": {"checkpoints": "elsewhere"}}]},
            "row 'A': network.kind chain is not trained here",
        ),
        ({"speed": 1}, "speed"),
        (
            {"rows": [{"name": "A b"}, {"name": "a-B"}]},
            r"rows: 'A b' and 'a-B' would share their files, a-b-seed-\*: name them with other",
        ),
        ({"network": "chain"}, r"^network: 'chain' is not allowed; .* write {kind: chain}$"),
        ({"training": None}, r"^training: nothing stands there; .*, or left out$"),
        ({"rows": [{"name": "A", "network": None}]}, r"^rows.0.network: nothing stands there"),
        ({"rows": [{"name": "A", "training": 3}]}, r"^rows.0.training: 3 is not allowed"),
        ({"rows": [{"name": "A"}, "LIF"]}, r"^rows.1: 'LIF' is not allowed; [^\n]*$"),
        ({"network": {"hiden": [8]}}, r"^network.hiden: there is no such field[^\n]*$"),
        (
            {"network": {}, "rows": [{"name": "A", "network": {"hiden": [8]}}]},
            r"^rows.0.network.hiden: there is no such field",
        ),
        (
            {
                "rows": [
                    {
                        "name": "A",
                        "network": {"norm": "divisive"},
                        "training": {"callbacks": ["demp"]},
                    }
                ]
            },
            "row 'A': training.callbacks: demp: network.norm: no unit can be cut out with divisive",
        ),
    ],
)
def test_bad_files_are_refused_in_sentences(
    tmp_path: Path, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(StudyError, match=sentence):
        read_comparison(written(tmp_path, **fields))


ROOT = Path(__file__).parents[4]


def test_kept_numbers_rest_on_what_their_file_says_now() -> None:
    """Hours of training hang on these keys: no change of a contract may move them."""
    comparison = read_comparison(ROOT / "deployments/benchmarks/rules.yaml")
    rows = {row.name: row for row in comparison.rows}
    files = sorted((ROOT / "docs/results/rules").glob("*.json"))
    assert len(files) >= 16
    for file in files:
        numbers = json.loads(file.read_text())
        row = rows[numbers["row"]]
        assert comparison.key(row, numbers["seed"]) == numbers["key"], file.name
        assert comparison.result_path(row, numbers["seed"]).name == file.name


def test_bars_are_no_part_of_a_key(tmp_path: Path) -> None:
    plain = read_comparison(written(tmp_path))
    rows = [{"name": "LIF", "least": 0.5, "reported": 0.9}, *RAW["rows"][1:]]
    barred = read_comparison(written(tmp_path, rows=rows))

    assert barred.key(barred.rows[0], 0) == plain.key(plain.rows[0], 0)
    assert barred.rows[0].least == 0.5


def test_the_benchmark_of_feedback_networks_is_read() -> None:
    comparison = read_comparison(ROOT / "deployments/benchmarks/spide-fashion.yaml")

    exact, spikes = comparison.rows
    assert isinstance(spikes.spec, FeedbackSpec)
    assert (spikes.spec.units, spikes.spec.time_steps) == (400, 5)
    assert exact.training.method == Spide(mode="exact")
    assert spikes.training.method == Spide()
    assert {(row.least, row.reported) for row in comparison.rows} == {(0.87, 0.9004)}
