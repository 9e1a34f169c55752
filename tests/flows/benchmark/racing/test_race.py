"""A whole benchmark on digits: planned, stopped, gone on with, printed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import yaml

from spikeatlas.flows.benchmark.racing.bench import Bench, parse
from spikeatlas.flows.benchmark.racing.checks import check
from spikeatlas.flows.benchmark.racing.preparation import draw_neurons, make_setting
from spikeatlas.flows.benchmark.racing.race import plan, run
from spikeatlas.flows.benchmark.racing.race_report import report, undone
from spikeatlas.flows.cli import main
from spikeatlas.flows.study_file import read_study
from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.cells import Cell
from spikeatlas.tasks.benchmark.run_cell import run_cell
from spikeatlas.tasks.study.study import StudyError
from tests.flows.conftest import ROOT

RAW: dict[str, Any] = {
    "data": {"dataset": "digits", "limit": 120},
    "network": {"channels": [4, 6], "hidden": [8], "time_steps": 6},
    "training": {"epochs": 1, "batch_size": 32},
    "training_seeds": [1],
    "generator": {"positions": 4, "codes": 64, "embedding": 4, "width": 8, "epochs": 3},
    "layers": ["conv1", "conv2"],
    "neurons": 2,
    "budget": 20,
    "seeds": 2,
    "methods": [
        {"name": "screened", "class": "generator prior"},
        {"name": "random", "class": "generator prior"},
        {"name": "pool", "class": "natural images", "seeds": 1},
    ],
    "reference": {"name": "tt-exp", "budget": 110},
    "sharing": {"training_seed": 1, "layer": "conv2", "neurons": 3},
    "guide": {"restarts": 2},
    "responder": {"batch_size": 64},
    "workers": 1,
}
CELLS = 2 * (2 * 2 * 2 + 2 + 1 + 2) + 2 * 2 + 1


def raw(output: Path, **fields: Any) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(RAW))
    return {**copied, **fields, "output": str(output)}


def planned(bench: Bench) -> list[Cell]:
    return bench.matrix.cells(draw_neurons(bench))


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, list[str]]:
    """A finished benchmark that was stopped after its first cell, and what it printed then."""
    bench = parse(raw(tmp_path_factory.mktemp("bench") / "run"))
    check(bench)
    with closing(run(bench)) as told:
        first = [next(told)]
        while "/" not in first[-1].split()[0]:
            first.append(next(told))
    kept = len(undone(make_setting(bench), planned(bench)))
    assert 0 < kept < CELLS
    return bench, [*first, "resumed", *run(bench)]


def test_it_resumes_and_does_nothing_twice(raced: tuple[Bench, list[str]]) -> None:
    bench, told = raced
    resumed = told[told.index("resumed") :]
    assert f"{CELLS - 1}/{CELLS - 1}" in resumed[-1] or "mean response" in resumed[-1]
    assert undone(make_setting(bench), planned(bench)) == []
    assert not [text for text in run(bench) if "mean response" in text]


def test_it_prints_its_plan_first(raced: tuple[Bench, list[str]]) -> None:
    bench, told = raced
    assert told[0] == "training the generator"
    assert f"({CELLS} of {CELLS} cells to do)" in told[1]
    assert "predicted time" in told[1]
    assert f"(0 of {CELLS} cells to do)" in plan(bench)[0]


def test_a_changed_method_alone_is_run_again(raced: tuple[Bench, list[str]]) -> None:
    bench, _ = raced
    fields = raw(bench.output)
    fields["methods"][1]["options"] = {"batch": 5}
    fields["workers"] = 3
    other = parse(fields)
    left = undone(make_setting(other), planned(other))
    assert {cell.label for cell in left} == {"random"}
    assert len(left) == 2 * 2 * 2


def test_a_cell_holds_what_was_found_whoever_ran_it(raced: tuple[Bench, list[str]]) -> None:
    bench, _ = raced
    setting = make_setting(bench)
    for cell in planned(bench):
        stored = results_store.arrays(bench.store, f"cells/{cell.name}")
        assert stored["history"].shape == (len(cell.neurons), cell.budget)
        assert stored["latent"].shape == (len(cell.neurons), 4)
        assert stored["neuron"].tolist() == list(cell.neurons)
        assert stored["response"] == pytest.approx(stored["search_response"], abs=1e-6)
        assert 0 < int(stored["shown"]) <= int(stored["images"]) <= cell.images
        if cell.search_seed == 0:
            again = run_cell(setting, cell)
            for name in ("latent", "response", "history"):
                assert np.array_equal(again[name], stored[name], equal_nan=True), (cell.name, name)


def test_the_table_and_the_figure(raced: tuple[Bench, list[str]], tmp_path: Path) -> None:
    bench, _ = raced
    told = "\n".join(report(bench, tmp_path / "figure.png"))
    assert (
        "| screened, sharing: images a neuron to the reference's final level, 3 neurons |" in told
    )
    assert "| pool | off | natural images |" in told
    assert "| guide-swap | off | gradient |" in told
    assert "missing" not in told
    assert (tmp_path / "figure.png").read_bytes() == (bench.output / "search.png").read_bytes()


def test_missing_cells_are_named(raced: tuple[Bench, list[str]]) -> None:
    bench, _ = raced
    fields = raw(bench.output)
    fields["methods"].append({"name": "tt", "class": "space only", "seeds": 1, "share": [False]})
    told = list(report(parse(fields), None))
    assert any(
        text.startswith(f"missing 2 of {CELLS + 2} cells: seed-1.conv1.main.tt.alone.0")
        for text in told
    )


def test_more_neurons_than_respond(raced: tuple[Bench, list[str]]) -> None:
    bench, _ = raced
    with pytest.raises(StudyError, match="neurons: 99 are asked for, but layer conv1"):
        draw_neurons(parse(raw(bench.output, neurons=99)))


def test_bad_input_is_listed_together(tmp_path: Path) -> None:
    fields = raw(tmp_path / "run", layers=["conv1", "conv2", "conv9"], epoch=3)
    fields["methods"] += [{"name": "randon", "class": "space only"}]
    fields["methods"][0]["options"] = {"batch": 30}
    fields["sharing"]["methods"] = ["screend"]
    fields["generator"]["checkpoint"] = str(tmp_path / "none.pt")
    fields["reference"]["name"] = "tt-ex"

    with pytest.raises(StudyError) as caught:
        check(parse(fields))

    problems = caught.value.problems
    for words in (
        "layers: there is no layer 'conv9' (did you mean",
        "epoch: 3 has no checkpoint",
        "budget is 20; the method 'screened' with batch 30 needs at least 60",
        "'randon' is unknown; did you mean 'random'",
        "sharing.methods: 'screend' is not among methods (did you mean screened?)",
        "none.pt",
        "'tt-ex' is unknown; did you mean",
    ):
        assert any(words in problem for problem in problems), (words, problems)
    assert len(problems) == 7, "\n".join(problems)


def test_unknown_fields_name_those_that_exist(tmp_path: Path) -> None:
    fields = raw(tmp_path, bugdet=3)
    fields["methods"][0]["clas"] = "space only"
    fields["methods"][1]["class"] = "everything"
    fields["guide"]["restart"] = 3

    with pytest.raises(StudyError) as caught:
        parse(fields)

    text = str(caught.value)
    assert "bugdet: there is no such field (did you mean budget" in text
    assert "methods.0.clas: there is no such field (did you mean class" in text
    assert "methods.1.class: 'everything' is not known" in text
    assert "guide.restart: there is no such field (did you mean restarts" in text


def test_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bench.yaml"
    path.write_text(yaml.safe_dump(raw(tmp_path / "run")))
    monkeypatch.setattr(
        "sys.argv", ["spikeatlas", "benchmark", str(path), "--set", "layers=[conv7]"]
    )
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the test's own stays

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "layers: there is no layer 'conv7'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["search", "nevergrad"])
def test_the_benchmarks_that_we_publish_are_well_formed(name: str) -> None:
    path = Path(__file__).parents[4] / "deployments" / "benchmarks" / f"{name}.yaml"
    bench = parse(read_study(path))
    assert bench.budget == 1000
    assert bench.training_seeds[:2] == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_benchmark_leaves_no_process_and_is_gone_on_with(
    tmp_path: Path, how: signal.Signals
) -> None:
    path = tmp_path / "bench.yaml"
    path.write_text(yaml.safe_dump(raw(tmp_path / "run", budget=100, workers=2)))
    command = [sys.executable, "-m", "spikeatlas.flows.cli", "benchmark", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stdout is not None
        next(line for line in running.stdout if line.startswith("2/"))
        workers = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(how)
    assert running.returncode in (-signal.SIGKILL, 130)
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive

    again = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    left = sum("mean response" in line for line in again.stdout.splitlines())
    assert 0 < left <= CELLS - 2


@pytest.mark.parametrize(
    "name",
    ["networks/seed-1/epoch-1.safetensors", "networks/seed-1/training-state.pt", "search.png", ".writers"],
)  # fmt: skip
def test_a_users_files_stay(tmp_path: Path, name: str) -> None:
    file = tmp_path / "own" / name
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(StudyError, match=rf"{file.name} would be written over"):
        check(parse(raw(tmp_path / "own")))
    assert file.read_text() == "mine"
