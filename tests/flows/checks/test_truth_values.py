from __future__ import annotations

from typing import Any

import pytest

from spikeatlas.flows.benchmark.racing import bench
from spikeatlas.flows.study_file import parse
from spikeatlas.tasks.study.study import StudyError


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({"data": {"limit": True}}, "data.limit"),
        ({"search": {"budget": True}}, "search.budget"),
        ({"network": {"threshold": True}}, "network.threshold"),
        ({"network": {"channels": [3, True]}}, "network.channels.1"),
        ({"probe": {"neurons": {"conv1": [0, True]}}}, "probe.neurons.conv1.1"),
        ({"seed": True}, "seed"),
    ],
)
def test_true_where_a_number_belongs_is_refused(raw: dict[str, Any], path: str) -> None:
    assert f"{path}: true is not allowed; it should be a number" in parse(raw)[1]


def test_true_where_it_belongs_is_taken() -> None:
    study, problems, _ = parse({"search": {"share": True}, "data": {"download": "no"}})
    assert problems == []
    assert study.search.share
    assert not study.data.download


def test_a_benchmark_refuses_it_too() -> None:
    with pytest.raises(StudyError, match=r"^budget: true is not allowed"):
        bench.parse({"methods": [{"name": "random", "class": "space only"}], "budget": True})
