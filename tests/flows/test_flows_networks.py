"""Networks that a user brings, in runs: killed, in processes, changed, watched, scheduled, and refused."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from prefect.settings import PREFECT_API_URL, temporary_settings

from spikeatlas.flows.atlas import atlas_study_flow
from spikeatlas.flows.checks.study_checks import check
from spikeatlas.flows.watch import watch_study_flow
from spikeatlas.tasks.atlas import finished
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.study.study import Study, StudyError
from spikeatlas.tasks.workers import models
from tests.equal import differences
from tests.flows.conftest import Cli
from tests.flows.test_launch_kill import Moment, assert_nothing_left, holds, kill_at
from tests.networks.loud import loud
from tests.sharing import once
from tests.snn.subjects.test_nir import write as write_graph
from tests.tiny import STUDY, build, study_file

server = pytest.mark.server
KINDS = ["module", "nir", "callable", "resnet"]

USERS = """
import snntorch
import torch
from torch import nn

from users_parts import HIDDEN, fields


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.lif1 = nn.Linear(64, HIDDEN), snntorch.Leaky(beta=0.9, threshold=0.3)
        self.fc2, self.lif2 = nn.Linear(HIDDEN, 10), snntorch.Leaky(beta=0.9, threshold=0.3)

    def forward(self, images):
        mem1, mem2 = self.lif1.init_leaky(), self.lif2.init_leaky()
        spikes = []
        for _ in range(8):
            spk1, mem1 = self.lif1(self.fc1(images.flatten(1)), mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
            spikes.append(spk2)
        return torch.stack(spikes)


def net():
    return Net()


def recorder():
    weights = fields()
    return lambda images: {"V 1.0#1": abs(images.reshape(len(images), -1) / 255 @ weights)}
"""
PARTS = """
import numpy as np

HIDDEN = 12


def fields():
    return np.random.default_rng(0).standard_normal((64, HIDDEN))
"""


def written(folder: Path) -> None:
    """Write what a user has: a file of models, a file beside it, and checkpoints of two epochs."""
    (folder / "users_models.py").write_text(USERS)
    (folder / "users_parts.py").write_text(PARTS)
    sys.path.insert(0, str(folder))
    try:
        users = importlib.import_module("users_models")
        for epoch in (0, 1):
            torch.manual_seed(epoch)
            torch.save({"state_dict": users.net().state_dict()}, folder / f"net_{epoch}.pth")
    finally:
        sys.path.remove(str(folder))
        forget()
    write_graph(folder / "net.nir", classes=10)


def forget() -> None:
    """Let the user's files be read anew, as by another process."""
    for name in ("users_models", "users_parts"):
        sys.modules.pop(name, None)
    for cache in (models.plain_source_at, models.source_at, models.subject_at):
        cache.cache_clear()
    importlib.invalidate_caches()


Find = Callable[[Path], Path]


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch) -> Find:
    """Let Python find the user's files in a folder, here and in processes that are started."""
    paths, variable = [*sys.path], os.environ.get("PYTHONPATH", "")

    def enter(folder: Path) -> Path:
        monkeypatch.setattr(sys, "path", [str(folder), *paths])
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), variable]))
        forget()
        return folder

    return enter


@pytest.fixture
def users(shared: Path, find: Find) -> Path:
    """The folder with the user's files: read only."""
    folder = shared / "users-networks"
    with once(folder) as first:
        if first:
            written(folder)
    return find(folder)


def network(kind: str, folder: Path) -> dict[str, Any]:
    if kind == "nir":
        file = {"file": str(folder / "net.nir"), "dt": 1e-3, "time_steps": 8}
        return {"kind": "nir", "normalise": "none", **file}
    if kind == "resnet":
        return {"kind": "resnet", "width": 4, "blocks": [1, 1], "stem": "cifar", "time_steps": 4}
    if kind == "callable":
        return {"kind": "callable", "factory": "users_models:recorder", "layers": {"V 1.0#1": 12}}
    pattern = {"checkpoints": str(folder / "net_{epoch}.pth")}
    return {"kind": "module", "factory": "users_models:net", "normalise": "none", **pattern}


def study(kind: str, folder: Path, output: Path, **sections: Any) -> dict[str, Any]:
    """A study of the user's network, with a few blocks."""
    search = {
        "methods": ["random"],
        "budget": 20,
        "screening_images": 12,
        "prior": "uniform",
        "neurons_per_task": 4,
    }
    return {
        "data": {"dataset": "digits", "limit": 120},
        "generator": STUDY["generator"],
        "network": network(kind, folder),
        "search": search,
        "output": str(output),
        **sections,
    }


@server
@pytest.mark.parametrize("kind", KINDS)
def test_killed_and_resumed_equals_uninterrupted(
    api: str, cli: Cli, users: Path, tmp_path: Path, kind: str
) -> None:
    run = tmp_path / "run"
    file = study_file(tmp_path, study(kind, users, run))

    assert kill_at(file, run, Moment("maximise", holds("atlas.zarr/layers/*/status/c/*")), 0.0)
    assert_nothing_left(tmp_path)
    done = cli("run", file)

    assert done.returncode == 0, done.stderr
    whole = build(study(kind, users, tmp_path / "whole"))
    assert differences(whole.run.atlas, run / "atlas.zarr") == []


@server
@pytest.mark.parametrize("kind", ["module", pytest.param("callable", marks=pytest.mark.slow)])
def test_processes_make_the_same_atlas(
    api: str, cli: Cli, users: Path, tmp_path: Path, kind: str
) -> None:
    runner = {"kind": "processes", "workers": 2}
    done = cli("run", study_file(tmp_path, study(kind, users, tmp_path / "run", runner=runner)))

    assert done.returncode == 0, done.stderr
    whole = build(study(kind, users, tmp_path / "whole"))
    assert differences(whole.run.atlas, tmp_path / "run" / "atlas.zarr") == []


def append(path: Path) -> None:
    path.write_text(path.read_text() + "# a line\n")


def other_weights(path: Path) -> None:
    shutil.copy(path.with_name("net_0.pth"), path)


@pytest.fixture
def own(users: Path, find: Find, tmp_path: Path) -> Path:
    """The user's files, to be changed, with the finished atlas of a module in ``run``."""
    folder = tmp_path / "mine"
    shutil.copytree(users, folder)
    find(folder)
    build(study("module", folder, tmp_path / "run"))
    return folder


def complaints(folder: Path, output: Path) -> tuple[str, str]:
    """The sentence of a run that would go on, and the first of a replay."""
    forget()
    with pytest.raises(StudyError) as error:
        check(study("module", folder, output))
    (resumed,) = error.value.problems
    forget()
    return resumed, verify(run_of_atlas(output / "atlas.zarr")).problems[0]


def test_what_has_changed_stops_resume_and_verify(own: Path, find: Find, tmp_path: Path) -> None:
    for name, change, words in (
        ("users_models.py", append, "has changed (the factory's file users_models.py)"),
        ("users_parts.py", append, "has changed (users_parts.py, which it imports)"),
        ("net_1.pth", other_weights, "net_1.pth"),
    ):
        before = (own / name).read_bytes()
        change(own / name)
        for sentence in complaints(own, tmp_path / "run"):
            assert words in sentence
        (own / name).write_bytes(before)

    forget()
    check(study("module", own, tmp_path / "run"))
    assert verify(run_of_atlas(tmp_path / "run" / "atlas.zarr")).sound


def test_a_folder_may_move(own: Path, find: Find, tmp_path: Path) -> None:
    moved = find(own.rename(tmp_path / "moved"))

    checked = check(study("module", moved, tmp_path / "run"))

    assert verify(checked.run).sound


def test_a_helper_s_line_changes_the_digest_of_a_function(
    users: Path, find: Find, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(users, folder)
    find(folder)
    raw = study("callable", folder, tmp_path / "run")
    build(raw)
    append(folder / "users_parts.py")
    forget()

    with pytest.raises(StudyError, match="the code of the network"):
        check(raw)


@server
def test_a_pattern_is_watched(api: str, users: Path, tmp_path: Path) -> None:
    """A turn probes what is there, the next what is new, and leaves half-written files for later."""
    folder = tmp_path / "training"
    folder.mkdir()
    watched = Study.model_validate(
        study("module", folder, tmp_path / "run", watch={"max_epochs": 3})
    )
    atlas = tmp_path / "run" / "atlas.zarr"
    with temporary_settings({PREFECT_API_URL: api}):
        shutil.copy(users / "net_0.pth", folder)
        watch_study_flow(watched)
        assert finished(atlas, [0])

        whole = (users / "net_1.pth").read_bytes()
        (folder / "net_1.pth").write_bytes(whole[: len(whole) // 2])
        watch_study_flow(watched)
        assert not finished(atlas, [1])

        (folder / "net_1.pth").write_bytes(whole)
        watch_study_flow(watched)
    assert finished(atlas, [0, 1])
    assert (tmp_path / "run" / "report" / "index.html").exists()


@server
def test_a_training_on_sequences_is_watched(api: str, tmp_path: Path) -> None:
    """Without searches a turn ends in a report too, and the next finds nothing new."""
    folder = tmp_path / "training"
    folder.mkdir()
    network = {"kind": "module", "factory": "tests.networks.loud:loud", "normalise": "none",
               "time_steps": 3, "input": "steps", "checkpoints": str(folder / "net_{epoch}.pth")}  # fmt: skip
    sections = {
        "data": {"dataset": "saccades", "frames": 3, "limit": 120},
        "search": {"methods": []},
    }
    raw = {"network": network, "analysis": {"images": 40}, "watch": {"max_epochs": 3}, **sections}
    watched = Study.model_validate({**raw, "output": str(tmp_path / "run")})
    with temporary_settings({PREFECT_API_URL: api}):
        for epoch in (0, 1):
            torch.save(loud().state_dict(), folder / f"net_{epoch}.pth")
            watch_study_flow(watched)
            assert finished(tmp_path / "run" / "atlas.zarr", range(epoch + 1))
    assert (tmp_path / "run" / "report" / "explore.html").exists()
    assert "no network" in (tmp_path / "run" / "claims.json").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_deployments_take_them_as_parameters(users: Path, tmp_path: Path, kind: str) -> None:
    """As Prefect's page sends them: plain values, of which it draws a form."""
    raw = study(kind, users, tmp_path / "run")

    for flow in (atlas_study_flow, watch_study_flow):
        read = flow.validate_parameters({"study": raw})["study"]
        assert read.network.kind == kind
        assert Study.model_validate(read.model_dump(mode="json")) == read
    form = str(atlas_study_flow.parameters.definitions)
    assert "first_epoch" in form
    assert "module:function" in form


def refusals(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(StudyError) as error:
        check(raw)
    return error.value.problems


@pytest.mark.parametrize("kind", ["module", "callable"])
def test_a_confined_host_runs_no_factory(users: Path, roots: Path, kind: str) -> None:
    shutil.copytree(users, roots / "mine")

    (problem,) = refusals(study(kind, roots / "mine", roots / "run"))

    assert "is code of your own, which this host does not run: SPIKEATLAS_ROOTS" in problem


def test_a_confined_host_reads_no_other_files(users: Path, roots: Path) -> None:
    (problem,) = refusals(study("module", users, roots / "run"))
    assert problem.startswith(f"network.checkpoints: {users} is outside of {roots}")

    file = {"kind": "nir", "file": "/etc/net.nir", "time_steps": 3, "normalise": "none"}
    (problem,) = refusals(study("module", users, roots / "run", network=file))
    assert problem.startswith("network.file: /etc/net.nir is outside of")
