"""A race of which only its text files are left: tables as before, and nothing run twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spikeatlas.flows.benchmark.racing.bench import Bench, parse
from spikeatlas.flows.benchmark.racing.race import run, search_benchmark
from spikeatlas.flows.benchmark.racing.race_pieces import (
    of_unfinished_networks,
    read_pieces,
    results_of,
)
from spikeatlas.flows.benchmark.racing.race_report import report
from spikeatlas.tasks.benchmark.scoring.targets import target_rows
from spikeatlas.tasks.study.study import StudyError
from tests.flows.benchmark.racing.test_race import raw

SMALL = {
    "methods": [{"name": "random", "class": "generator prior"}, {"name": "ga", "class": "generator prior", "budget": 10}],
    "layers": ["conv1"],
    "sharing": None,
    "guide": {"ways": [{"way": "relaxed"}, {"way": "relaxed", "budget": 30}], "restarts": 2},
    "seeds": 1,
    "duels": [{"subject": "ga", "rivals": ["random"], "images": 5}],
    "pursuits": [{"subject": "ga", "rival": "random", "images": 3}],
}  # fmt: skip


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("pieces")
    bench = parse(raw(folder / "run", **SMALL, results=str(folder / "results")))
    list(run(bench))
    return bench


def test_every_cell_leaves_a_small_file_and_is_not_run_again(raced: Bench) -> None:
    assert raced.results is not None
    files = sorted(raced.results.iterdir())
    # two methods, shared and alone; the reference; two climbs
    assert len(files) == 4 + 1 + 2
    assert max(path.stat().st_size for path in files) < 4000
    assert of_unfinished_networks(raced).training_seeds == ()
    assert not [text for text in search_benchmark(raced, None, None) if "mean response" in text]


def test_the_tables_need_neither_dataset_nor_networks(raced: Bench, tmp_path: Path) -> None:
    whole = list(report(raced, None))
    elsewhere = raced.model_copy(update={"output": tmp_path / "gone"})
    rows, methods = search_benchmark(elsewhere, "table", None)

    first = [line.split(" | ")[:4] for line in whole[1].splitlines() if "reference's" not in line]
    again = [line.split(" | ")[:4] for line in rows.splitlines() if "reference's" not in line]
    assert again == first
    assert "ga, sharing: higher than random at 5 images" in rows
    assert "ga, sharing: images to where random ends" in rows
    assert "guide-relaxed-30" in methods


def test_a_piece_tells_what_the_dataset_told(raced: Bench) -> None:
    results = results_of(raced, read_pieces(raced))
    lines = target_rows(results, raced.protagonists)
    assert any(line.target == "random, sharing: response / the gradient guide's" for line in lines)
    assert results.sizes["row"] == 7 * raced.neurons
    shorter = results.isel(row=results.label.values == "ga")
    # after its ten images a search keeps its best
    assert (shorter.history[:, 10:] == shorter.history[:, 9]).all()


def test_a_change_in_the_file_makes_pieces_invalid(raced: Bench) -> None:
    other = raced.model_copy(update={"epoch": 0.0})
    assert not read_pieces(other)
    assert of_unfinished_networks(other).training_seeds == (1,)


def test_pieces_of_two_networks_are_refused_in_a_table_and_made_again(
    raced: Bench, tmp_path: Path
) -> None:
    assert raced.results is not None
    shutil.copytree(raced.results, tmp_path / "results")
    mixed = raced.model_copy(update={"results": tmp_path / "results"})
    path = next((tmp_path / "results").glob("*.ga.shared.0.json"))
    path.write_text(path.read_text().replace('"network":"', '"network":"other'))

    with pytest.raises(StudyError, match="made from 2 different networks or generators"):
        list(search_benchmark(mixed, "table", None))
    assert of_unfinished_networks(mixed).training_seeds == (1,)
    list(search_benchmark(mixed, None, None))
    assert len(read_pieces(mixed)) == 7


def test_a_table_without_any_piece_is_a_sentence(raced: Bench, tmp_path: Path) -> None:
    empty = raced.model_copy(update={"results": tmp_path})
    with pytest.raises(StudyError, match="holds no finished search of this benchmark"):
        list(search_benchmark(empty, "table", None))


def test_labels_of_lines_are_checked(raced: Bench) -> None:
    fields = raw(
        raced.output, subjects=["twni"], duels=[{"subject": "screened", "rivals": ["gaa"]}]
    )
    with pytest.raises(StudyError) as caught:
        list(search_benchmark(parse(fields), "plan", None))
    assert "subjects: 'twni' is not among methods: screened, random, pool" in str(caught.value)
    assert "duels: 'gaa' is not among methods" in str(caught.value)
