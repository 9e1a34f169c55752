"""What a run may not do: talk to anybody else, keep a secret, run what it loads, leave its folders."""

from __future__ import annotations

import json
import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from PIL import Image
from prefect.flows import load_flow_from_entrypoint

from spikeatlas.flows.benchmark.flow import benchmark_flow
from spikeatlas.flows.benchmark.racing.bench import parse
from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.runners import cluster
from spikeatlas.flows.runners.server_settings import SETTINGS
from spikeatlas.snn.files import load_checkpoint
from spikeatlas.tasks.study.study import StudyError
from tests.conftest import Ask
from tests.flows.conftest import ROOT
from tests.flows.running import ended, running, wait_until
from tests.tiny import study_file, tiny

AUDITED = str(Path(__file__).parent / "audited")
CANARY = "canary-5f0c2d"
LOOPBACK = {"127.0.0.1", "::1", "localhost", "unix"}


@pytest.mark.server
def test_a_run_talks_to_this_machine_alone_and_leaves_no_secret_and_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    for name in ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED"):
        monkeypatch.delenv(name)
    study, audit = study_file(tmp_path, tiny(tmp_path / "run")), tmp_path / "audit"
    secrets = {"AWS_SECRET_ACCESS_KEY": CANARY, "PREFECT_API_KEY": CANARY}
    with running(study, PYTHONPATH=AUDITED, AUDIT=str(audit), **secrets) as process:
        # the run and its server
        wait_until(lambda: len(processes_of(tmp_path)) >= 2, process)
        code, said = ended(process)

    assert code == 0, said
    assert "watch it in a browser" in said
    assert not processes_of(tmp_path)
    told = [line.split() for line in audit.read_text().splitlines()]
    # the run and its server, which was told to bind
    assert {event for event, _ in told} >= {"socket.connect", "socket.bind"}
    assert {host for _, host in told} <= LOOPBACK
    assert CANARY not in said
    kept = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in kept)
    assert not [path for path in kept if CANARY.encode() in path.read_bytes()]


def processes_of(folder: Path) -> list[psutil.Process]:
    """All that was started for a run in a folder, its server included."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if str(folder) in " ".join([*process.cmdline(), *process.environ().values()]):
                found.append(process)
    return found


def test_telemetry_is_off() -> None:
    assert SETTINGS["DO_NOT_TRACK"] == "1"
    assert SETTINGS["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


class Payload:
    """Makes a folder where it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def test_what_is_loaded_does_not_run(made: Checked, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for name in ("epoch-0.safetensors", "generator.safetensors", "generator.pt"):
        (tmp_path / name).write_bytes(pickle.dumps(Payload(mark)))
    with pytest.raises(ValueError, match=r"epoch-0\.safetensors"):
        load_checkpoint(tmp_path / "epoch-0.safetensors")
    for name in ("generator.safetensors", "generator.pt"):
        with pytest.raises(StudyError, match="generator"):
            check(tiny(tmp_path / "run", generator={"checkpoint": str(tmp_path / name)}))
    with pytest.raises(StudyError):
        check(tiny(tmp_path / "run", network={"checkpoints": str(tmp_path)}))

    assert not mark.exists()
    pickle.loads((tmp_path / "generator.pt").read_bytes())  # noqa: S301 - it would have
    assert mark.exists()


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("output", "{roots}/../elsewhere"),
        ("output", "{roots}/link/run"),
        ("data.root", "/etc"),
        ("network.checkpoints", "{roots}/../checkpoints"),
        ("generator.checkpoint", "/etc/passwd"),
    ],
)
def test_paths_stay_within_the_roots(roots: Path, field: str, path: str) -> None:
    (roots / "link").symlink_to(roots.parent)
    raw: dict[str, Any] = {
        **tiny(roots / "run"),
        "data": {"dataset": "digits", "limit": 120, "root": str(roots)},
    }
    section, _, name = field.partition(".")
    value = path.format(roots=roots)
    raw[section] = {**raw.get(section, {}), name: value} if name else value

    with pytest.raises(StudyError) as caught:
        check(raw)

    (problem,) = caught.value.problems
    assert problem.startswith(f"{field}: {value} is outside of {roots}, the only place")
    assert "SPIKEATLAS_ROOTS" in problem


def test_within_the_roots_no_function_is_named(roots: Path) -> None:
    adapter = {"kind": "adapter", "adapter": "os:getcwd"}
    with pytest.raises(
        StudyError,
        match=r"generator.adapter: os:getcwd is code of your own, which this host does not run",
    ):
        check(tiny(roots / "run", generator=adapter))
    raw = {**tiny(roots / "run"), "data": {"dataset": "digits", "limit": 120, "root": str(roots)}}
    raw["search"] = {**raw["search"], "methods": ["random", "os:PathLike"]}
    with pytest.raises(StudyError, match="os:PathLike is code of your own, which this host"):
        check(raw)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of schedulers that were asked for anything."""
    addresses: list[str] = []

    def connected(address: str) -> None:
        addresses.append(address)
        raise OSError("nobody")

    monkeypatch.setattr(cluster, "_connected", connected)
    return addresses


def test_no_scheduler_is_asked_that_the_host_does_not_name(
    roots: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "tcp://evil:8786"
    raw = study_within(roots, runner={"kind": "dask", "address": address})
    with pytest.raises(
        StudyError, match=rf"^runner\.address: {address} is no Dask scheduler that this host uses: "
    ):
        check(raw)
    assert asked == []
    monkeypatch.setenv("SPIKEATLAS_DASK", address)
    with pytest.raises(StudyError, match="no Dask scheduler answers"):
        check(raw)
    assert asked == [address]


def test_a_url_is_no_way_out(roots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = study_within(roots, atlas="memory://bucket/x.zarr")
    with pytest.raises(
        StudyError, match=r"^atlas: memory://bucket/x\.zarr is no place for atlases"
    ):
        check(raw)
    monkeypatch.setenv("SPIKEATLAS_URLS", "memory://bucket")
    assert check(raw).study.atlas == "memory://bucket/x.zarr"


def study_within(roots: Path, **sections: Any) -> dict[str, Any]:
    """The tiny study, as a confined host allows it, with some other sections."""
    data = {"dataset": "digits", "limit": 120, "root": str(roots)}
    return {**tiny(roots / "run"), "data": data, **sections}


ELSEWHERE = "/srv/elsewhere"
METHODS = [{"name": "random", "class": "generator prior"}]
FORBIDDEN: dict[str, tuple[dict[str, Any], ...]] = {
    **{
        name: ({"study": {"output": ELSEWHERE}},)
        for name in ("atlas", "train", "maximize", "analyze")
    },
    "watch": (
        {"study": {"output": ELSEWHERE}},
        {"study": {"network": {"checkpoints": ELSEWHERE}, "output": "{roots}"}},
    ),
    "report": (
        {"atlas": "{roots}/atlas.zarr", "folder": ELSEWHERE},
        {"atlas": f"{ELSEWHERE}/atlas.zarr", "folder": "{roots}"},
        {"atlas": "s3://elsewhere/atlas.zarr", "folder": "{roots}"},
    ),
    "benchmark": (
        {"bench": {"methods": METHODS, "output": ELSEWHERE}},
        {"bench": {"methods": METHODS, "output": "{roots}", "data": {"dataset": "digits", "root": ELSEWHERE}}},
        {"bench": {"methods": METHODS, "output": "{roots}", "generator": {"checkpoint": f"{ELSEWHERE}/g.pt"}}},
        {"bench": {"methods": METHODS, "output": "{roots}", "network": {"checkpoints": ELSEWHERE}}},
    ),
}  # fmt: skip
"""Parameters of each deployment that name a place which no root holds."""


def deployed() -> dict[str, Any]:
    """The deployments by name."""
    file = ROOT / "deployments" / "prefect.yaml"
    return {each["name"]: each for each in yaml.safe_load(file.read_text())["deployments"]}


@pytest.mark.parametrize("name", deployed())
def test_what_is_triggered_from_the_page_stays_within_the_roots(roots: Path, name: str) -> None:
    deployment = deployed()[name]
    flow: Any = load_flow_from_entrypoint(deployment["entrypoint"])
    for parameters in FORBIDDEN[name]:
        text = json.dumps({**deployment["parameters"], **parameters}).replace("{roots}", str(roots))
        with pytest.raises(StudyError, match=r"elsewhere.* (the only place|that this host uses)"):
            flow.fn(**flow.validate_parameters(json.loads(text)))
    assert list(roots.iterdir()) == []


def test_a_benchmark_from_the_page_runs_no_code_of_users(roots: Path) -> None:
    methods = [{"name": "os:getcwd", "class": "generator prior"}]
    bench = {
        "methods": methods,
        "output": str(roots),
        "data": {"dataset": "digits", "root": str(roots)},
    }
    with pytest.raises(StudyError, match="os:getcwd"):
        benchmark_flow.fn(parse(bench))


def test_within_the_roots_a_study_is_as_ever(roots: Path) -> None:
    raw = {**tiny(roots / "run"), "data": {"dataset": "digits", "limit": 120, "root": str(roots)}}

    assert check(raw).run.folder == roots / "run"


@pytest.mark.parametrize("layer", ["../../elsewhere", "/etc", "conv2/../fc1"])
def test_names_are_not_paths(tmp_path: Path, layer: str) -> None:
    with pytest.raises(StudyError, match="there is no layer"):
        check(tiny(tmp_path / "run", probe={"layers": [layer]}))


def test_the_command_line_says_so_too(roots: Path, ask: Ask, tmp_path: Path) -> None:
    study = study_file(tmp_path, tiny(tmp_path / "run"))
    done = ask("validate", study)

    assert done.returncode == 2
    assert "SPIKEATLAS_ROOTS" in done.stderr


@pytest.mark.parametrize(
    "field", ["output", "data.root", "network.checkpoints", "generator.checkpoint"]
)
def test_a_home_folder_is_no_way_out(
    roots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    home = tmp_path / "home"
    (home / "private").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(roots)
    section, _, name = field.partition(".")
    raw: dict[str, Any] = study_within(roots)
    raw[section] = {**raw[section], name: "~/private"} if name else "~/private"
    with pytest.raises(StudyError, match=rf"{field}: {home}/private is outside of"):
        check(raw)


@pytest.mark.parametrize("root", [None, "link"])
def test_data_that_no_study_names_are_within_the_roots_too(
    roots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(roots)
    private = tmp_path / "private"
    for split in ("train", "test"):
        (private / split / "cat").mkdir(parents=True)
        Image.new("L", (8, 8)).save(private / split / "cat" / "0.png")
        (roots / "link" / split).mkdir(parents=True)
        (roots / "link" / split / "cat").symlink_to(private / split / "cat")
    data = {"dataset": "cifar10"} if root is None else {"dataset": "folder", "root": root}
    with pytest.raises(StudyError, match=r"data: .* is outside of"):
        check({**study_within(roots), "data": data})
