"""Faults injected into real runs: each is told in a sentence, and the next run ends as if nothing had been."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.runners.server import serving
from spikeatlas.snn.files import load_checkpoint, save_checkpoint
from spikeatlas.tasks.atlas import FAILED
from tests.conftest import Ask
from tests.equal import differences
from tests.flows.conftest import Cli, RunStudy
from tests.flows.running import begun, ended, running, wait_until
from tests.tiny import study_file, tiny

pytestmark = pytest.mark.server

FAULTY = str(Path(__file__).parent / "faulty")


def mended(run_study: RunStudy, study: Path, made: Checked) -> None:
    """One more run, without the fault, ends well and equals one that was never disturbed."""
    run_study(study)
    assert differences(made.run.atlas, study.parent / "run" / "atlas.zarr") == []


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_a_signal_ends_tidily(
    run_study: RunStudy, made: Checked, tmp_path: Path, number: signal.Signals
) -> None:
    study = study_file(tmp_path, tiny(tmp_path / "run"))
    with running(study) as process:
        wait_until(begun(tmp_path / "run"), process)
        process.send_signal(number)
        code, said = ended(process)

    assert code == 130, said
    assert "run the same command again" in said
    mended(run_study, study, made)


def test_a_second_run_is_refused(api: str, cli: Cli, made: Checked, tmp_path: Path) -> None:
    study = study_file(tmp_path, tiny(tmp_path / "run"))
    with running(study) as process:
        wait_until(begun(tmp_path / "run", "atlas.zarr/progress/trained"), process)
        # as if it took longer than the second one needs to start
        process.send_signal(signal.SIGSTOP)
        second = cli("run", study)
        process.send_signal(signal.SIGCONT)
        code, said = ended(process)

    assert second.returncode == 2
    assert f"another run is writing to {tmp_path / 'run'}" in second.stderr
    assert "Traceback" not in second.stderr
    assert code == 0, said
    assert differences(made.run.atlas, tmp_path / "run" / "atlas.zarr") == []


@pytest.mark.slow
def test_responses_that_are_no_numbers_are_failures(
    run_study: RunStudy, copied: Checked, made: Checked
) -> None:
    study = study_file(copied.study.output.parent, tiny(copied.study.output))
    root = zarr.open_group(copied.run.atlas, mode="r+")
    root["layers/fc1/status"][0, 4:8] = 0  # type: ignore[index]
    with running(study, PYTHONPATH=FAULTY, FAULT="nan") as process:
        code, said = ended(process)

    assert code == 1
    assert (
        "maximize epoch=0 layer=fc1 neurons=4-8: 4 neurons gave no response that is a number"
        in said
    )
    assert (root["layers/fc1/status"][0, 4:8] == FAILED).all()  # type: ignore[index,union-attr]
    mended(run_study, study, made)


def test_a_network_that_diverged_is_refused(ask: Ask, made: Checked, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    shutil.copytree(made.run.checkpoints, folder)
    path = folder / "epoch-2.safetensors"
    tensors, said = load_checkpoint(path)
    name = next(name for name in tensors if name.endswith("weight"))
    save_checkpoint(path, {**tensors, name: tensors[name] * float("nan")}, said)
    raw = tiny(tmp_path / "run", network={"checkpoints": str(folder)})

    done = ask("run", study_file(tmp_path, raw))

    assert done.returncode == 2
    assert (
        f"network.checkpoints: epoch-2.safetensors: {name} holds NaN or infinite values"
        in done.stderr
    )
    assert not (tmp_path / "run" / "atlas.zarr").exists()


def may_mount(folder: Path) -> bool:
    """Whether this process may mount: faults of a disk are real ones here."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        return False
    subprocess.run(["umount", str(folder)], check=True)
    return True


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own, at ``run``."""
    folder = tmp_path / "run"
    if not may_mount(folder):
        pytest.skip("only root may mount")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m", "none", str(folder)], check=True)
    yield folder
    while os.path.ismount(folder):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Write until nothing more fits."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(2**20)) == 2**20:
                pass
            while file.write(bytes(64)):
                pass
        except OSError:
            return filler
    raise AssertionError


@pytest.mark.slow
def test_a_disk_that_fills_up_loses_nothing(run_study: RunStudy, made: Checked, disk: Path) -> None:
    study = study_file(disk.parent, tiny(disk))
    with running(study) as process:
        wait_until(begun(disk), process)
        filler = fill(disk)
        code, said = ended(process)

    assert code != 0
    assert "No space left on device" in said
    filler.unlink()
    mended(run_study, study, made)


@pytest.mark.slow
def test_a_store_that_becomes_read_only_loses_nothing(
    run_study: RunStudy, made: Checked, disk: Path
) -> None:
    study, atlas = study_file(disk.parent, tiny(disk)), disk / "atlas.zarr"
    with running(study) as process:
        wait_until(begun(disk), process)
        subprocess.run(["mount", "--bind", str(atlas), str(atlas)], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(atlas)], check=True)
        code, said = ended(process)

    assert code != 0
    assert "Read-only file system" in said
    subprocess.run(["umount", "--lazy", str(atlas)], check=True)
    mended(run_study, study, made)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "runner"),
    [
        ("loop", {"kind": "threads", "timeout": 5}),
        ("loop", {"kind": "dask", "timeout": 5}),
        ("stuck", {"kind": "dask", "timeout": 5}),
    ],
)
def test_a_task_that_hangs_is_done_again(
    api: str, made: Checked, tmp_path: Path, fault: str, runner: dict[str, object]
) -> None:
    study = study_file(tmp_path, tiny(tmp_path / "run", runner=runner))
    mark = tmp_path / "hung"
    with running(study, PYTHONPATH=FAULTY, FAULT=fault, FAULT_MARK=str(mark)) as process:
        code, said = ended(process, timeout=240)

    assert mark.exists()
    assert code == 0, said
    assert differences(made.run.atlas, tmp_path / "run" / "atlas.zarr") == []


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes of a run that search."""
    below = psutil.Process(process.pid).children(recursive=True)
    return [each for each in below if "spawn_main" in " ".join(each.cmdline())]


@pytest.mark.slow
def test_a_dask_worker_that_is_killed_is_done_without(
    api: str, made: Checked, tmp_path: Path
) -> None:
    runner = {"kind": "dask", "workers": 2}
    study = study_file(tmp_path, tiny(tmp_path / "run", runner=runner))
    with running(study) as process:
        wait_until(begun(tmp_path / "run"), process)
        workers_of(process)[-1].kill()
        code, said = ended(process, timeout=240)

    assert code == 0, said
    assert differences(made.run.atlas, tmp_path / "run" / "atlas.zarr") == []


@pytest.mark.slow
def test_a_pool_process_that_is_killed_is_told(
    run_study: RunStudy, made: Checked, tmp_path: Path
) -> None:
    runner = {"kind": "processes", "workers": 2}
    study = study_file(tmp_path, tiny(tmp_path / "run", runner=runner))
    with running(study) as process:
        wait_until(begun(tmp_path / "run"), process)
        workers_of(process)[-1].kill()
        code, said = ended(process, timeout=240)

    assert code == 1, said
    assert "a worker process ended by itself" in said
    mended(run_study, study, made)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server but that of the run."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


@pytest.mark.slow
def test_a_server_that_is_killed_is_started_again(
    alone: None, made: Checked, tmp_path: Path
) -> None:
    study = study_file(tmp_path, tiny(tmp_path / "run"))
    with running(study) as process:
        wait_until(begun(tmp_path / "run"), process)
        (server,) = [
            each
            for each in psutil.Process(process.pid).children()
            if "spikeatlas.flows.runners.server" in each.cmdline()
        ]
        server.kill()
        code, said = ended(process, timeout=300)

    assert code == 0, said
    assert "is started again" in said
    assert differences(made.run.atlas, tmp_path / "run" / "atlas.zarr") == []


@pytest.mark.slow
def test_a_server_that_moved_ends_the_run_with_a_sentence(
    alone: None, cli: Cli, made: Checked, tmp_path: Path
) -> None:
    study = study_file(tmp_path, tiny(tmp_path / "run"))
    with ExitStack() as first:
        first.enter_context(serving(tmp_path / "one"))
        with running(study) as process:
            wait_until(begun(tmp_path / "run"), process)
            first.close()
            with serving(tmp_path / "two"):
                code, said = ended(process, timeout=300)
                again = cli("run", study)

    assert code == 1, said
    assert again.returncode == 0, again.stderr
    assert differences(made.run.atlas, tmp_path / "run" / "atlas.zarr") == []
    assert "no longer answers" in said
