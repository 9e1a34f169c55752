from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.benchmark.comparison import comparison_table, read_comparison
from spikeatlas.flows.benchmark.comparison.piece import Piece, measure_piece
from spikeatlas.snn.robustness import PUBLISHED
from spikeatlas.tasks.benchmark.piece_file import read_piece
from tests.flows.benchmark.comparison.test_comparison import written


def test_a_piece_is_trained_and_measured(tmp_path: Path) -> None:
    comparison = read_comparison(written(tmp_path, data={"dataset": "digits"}, robustness=20))
    row = comparison.rows[0]

    piece = measure_piece(comparison, row, 0, comparison.key(row, 0))

    assert read_piece(comparison.result_path(row, 0), Piece) == piece
    assert 0.2 < piece.accuracy < 1
    assert 0 < piece.active["fc1"] < 1
    assert piece.steps_a_second is not None
    assert piece.loop_steps_a_second is not None
    assert min(piece.steps_a_second, piece.loop_steps_a_second, piece.seconds) > 0
    assert 0 < piece.sparsity["fc1"] < 1
    assert piece.robust.keys() == PUBLISHED.keys()
    assert piece.robust["linf 2/255"] <= piece.robust["clean"]
    again = measure_piece(comparison, row, 0, comparison.key(row, 0))
    assert (again.accuracy, again.loss, again.active) == (piece.accuracy, piece.loss, piece.active)
    assert again.seconds == 0
    assert piece.units == {"fc1": 8}


def test_a_cut_network_is_measured_as_it_is_left(tmp_path: Path) -> None:
    prune = {"callbacks": [{"kind": "prune", "sparsity": 0.5}]}
    comparison = read_comparison(written(tmp_path, rows=[{"name": "cut", "training": prune}]))

    piece = measure_piece(comparison, comparison.rows[0], 0, comparison.key(comparison.rows[0], 0))

    assert piece.units == {"fc1": 4}
    assert 0 < piece.active["fc1"] < 1


@pytest.mark.parametrize(
    ("network", "training", "layers"),
    [
        ({"kind": "feedback", "units": 12, "time_steps": 6}, {"method": "spide", "lr": 0.1}, {"fc1"}),
        ({"kind": "resnet", "width": 2, "blocks": [1], "stem": "cifar", "time_steps": 2}, {},
         {"sn1", "layer1.0.sn1", "layer1.0.sn2"}),
    ],
)  # fmt: skip
def test_networks_other_than_chains_are_measured(
    tmp_path: Path, network: dict[str, Any], training: dict[str, Any], layers: set[str]
) -> None:
    training = {"epochs": 1, "batch_size": 16, **training}
    file = written(tmp_path, network=network, training=training, rows=[{"name": "A"}])
    comparison = read_comparison(file)

    piece = measure_piece(comparison, comparison.rows[0], 0, comparison.key(comparison.rows[0], 0))

    assert piece.active.keys() == piece.sparsity.keys() == layers
    assert 0 < piece.active[min(layers)] < 1
    assert piece.steps_a_second is not None
    assert piece.steps_a_second > 0
    # the loop over steps has no gradient of an equilibrium
    assert (piece.loop_steps_a_second is None) == ("method" in training)
    assert read_piece(comparison.result_path(comparison.rows[0], 0), Piece) == piece
    assert "| A |" in comparison_table(comparison, [piece])
