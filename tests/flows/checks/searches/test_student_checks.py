"""Bad students: one clear sentence, before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.checks.study_checks import check
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import tiny

TWIN = {"methods": ["twin"], "budget": 60, "screening_images": 8}


def problems(tmp_path: Path, **sections: Any) -> list[str]:
    with pytest.raises(StudyError) as caught:
        check(tiny(tmp_path / "run", **sections))
    assert not (tmp_path / "run").exists()
    return caught.value.problems


def test_a_twin_may_be_searched_with(tmp_path: Path) -> None:
    for search in (
        TWIN,
        TWIN | {"share": True},
        TWIN | {"methods": [{"kind": "twin", "knows": "maps"}]},
    ):
        assert check(tiny(tmp_path / "run", search=search)).run.search.budget == 60


def test_a_generator_that_cannot_be_climbed(tmp_path: Path) -> None:
    grid = {"kind": "grid", "low": [0] * 3, "high": [1] * 3}
    (sentence,) = [
        s
        for s in problems(tmp_path, search=TWIN | {"prior": "uniform"}, generator=grid)
        if "climbs" in s
    ]
    assert sentence == (
        "search.methods: twin climbs a student through the generator, but generator.kind grid has no gradient in its latents; "
        "choose vqvae or sngan, or another method, say screened"
    )


def test_a_network_that_tells_no_maps(tmp_path: Path) -> None:
    search = TWIN | {"methods": [{"kind": "twin", "knows": "maps"}]}
    (sentence,) = problems(tmp_path, search=search, probe={"reading": "latency"})
    assert (
        "search.methods: twin is to know maps, but this network tells one number a neuron"
        in sentence
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"knows": "weights"},
            "knows is 'weights'; it must be maps, structure, numbers, or left out",
        ),
        ({"rounds": 0}, "rounds is 0"),
        ({"round": 2}, "option 'round' of 'twin' is unknown; did you mean 'rounds'?"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    search = TWIN | {"methods": [{"kind": "twin", **options}]}
    (sentence,) = problems(tmp_path, search=search)
    assert words in sentence


def test_a_budget_that_moves_between_neurons(tmp_path: Path) -> None:
    search = TWIN | {"share": True, "allocation": "adaptive"}
    (sentence,) = problems(tmp_path, search=search)
    assert "search.allocation: allocation is 'adaptive', which 'twin' cannot do" in sentence
