"""The same study on threads, processes and Dask: equal values, and no process left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.runners import cluster
from spikeatlas.tasks.study.study import StudyError
from tests.equal import differences
from tests.flows.conftest import Cli
from tests.tiny import build, study_file, tiny

server = pytest.mark.server
slow = pytest.mark.slow


@server
@pytest.mark.parametrize(
    ("kind", "workers"),
    [
        ("dask", 2),
        pytest.param("processes", 2, marks=slow),
        pytest.param("processes", 1, marks=slow),
        pytest.param("dask", 1, marks=slow),
        pytest.param("threads", 1, marks=slow),
    ],
)
def test_values_do_not_depend_on_the_runner(
    api: str, cli: Cli, made: Checked, tmp_path: Path, kind: str, workers: int
) -> None:
    runner = {"kind": kind, "workers": workers}
    study = study_file(tmp_path, tiny(tmp_path / "run", runner=runner))

    done = cli("run", study)

    assert done.returncode == 0, done.stderr
    assert differences(made.run.atlas, tmp_path / "run" / "atlas.zarr") == []
    assert "Warning" not in done.stderr
    assert epochs_of_blocks(api, tmp_path) == {("maximize epoch=0", 0), ("maximize epoch=2", 2)}


def epochs_of_blocks(api: str, folder: Path) -> set[tuple[str, float]]:
    """Of the last run: the flow run and the epoch of each block, as Prefect's page shows them."""
    wanted = {"flow_runs": {"name": {"any_": [f"atlas {folder / 'run'}"]}}}
    (run,) = ask(api, "flow_runs/filter", wanted)
    below = {"flow_runs": {"parent_flow_run_id": {"any_": [run["id"]]}}}
    names = {each["id"]: each["name"] for each in ask(api, "flow_runs/filter", below)}
    blocks = ask(api, "task_runs/filter", {**below, "task_runs": {"name": {"like_": "neurons="}}})
    return {
        (names[each["flow_run_id"]], float(each["name"].split("epoch=")[1].split()[0]))
        for each in blocks
    }


def ask(api: str, what: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.post(f"{api}/{what}", json=body).raise_for_status().json()
    return found


def test_values_do_not_depend_on_the_blocks(made: Checked, tmp_path: Path) -> None:
    for size in (1, 64):
        search = {"neurons_per_task": size, "share": False}
        other = build(tiny(tmp_path / str(size), search=search))
        assert differences(made.run.atlas, other.run.atlas) == []


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """The address of a Dask cluster of one worker, started as a user would."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as local:
        yield local.scheduler_address


def complaints(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(StudyError) as caught:
        check(raw)
    return caught.value.problems


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)

    (problem,) = complaints(tiny(tmp_path / "run", runner={"kind": "dask"}))

    assert "pip install 'spikeatlas[dask]'" in problem


def test_an_address_is_of_dask(tmp_path: Path) -> None:
    (problem,) = complaints(tiny(tmp_path / "run", runner={"address": "tcp://127.0.0.1:1"}))

    assert "runner.kind is auto" in problem


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path) -> None:
    runner = {"kind": "dask", "address": "tcp://127.0.0.1:1"}

    (problem,) = complaints(tiny(tmp_path / "run", runner=runner))

    assert problem.startswith("runner.address: no Dask scheduler answers at tcp://127.0.0.1:1")
    assert "dask scheduler" in problem


@slow
def test_a_cluster_at_an_address_serves_run_after_run(
    api: str, cli: Cli, made: Checked, scheduler: str, tmp_path: Path
) -> None:
    runner = {"kind": "dask", "address": scheduler}
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        done = cli("run", study_file(folder, tiny(folder / "run", runner=runner)))
        assert done.returncode == 0, done.stderr
        assert differences(made.run.atlas, folder / "run" / "atlas.zarr") == []


def test_workers_unlike_this_process_are_named(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = cluster.versions()
    monkeypatch.setattr(cluster, "versions", lambda: {**here, "torch": "0.1"})

    problems = cluster.problems("dask", scheduler, tmp_path)

    assert len(problems) == 1
    assert f"has torch {here['torch']} (here 0.1)" in problems[0]


@pytest.mark.parametrize("answer", [{"tcp://1.2.3.4:5": 0}, {"tcp://1.2.3.4:5": (True, {})}, 7])
def test_a_scheduler_that_answers_nonsense_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    client = SimpleNamespace(run=lambda *_, **__: answer)
    monkeypatch.setattr(cluster, "_connected", lambda _: nullcontext(client))

    (problem,) = cluster.problems("dask", "tcp://stranger:8786", tmp_path)

    assert problem.startswith("runner.address: what answers at tcp://stranger:8786 is no Dask")
    assert "\n" not in problem
