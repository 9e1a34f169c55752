"""A training is followed while it runs: every epoch probed once, under the eyes of a reader."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xarray as xr
from prefect.settings import PREFECT_API_URL, temporary_settings

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.watch import watch_study_flow, with_readable_epochs
from spikeatlas.tasks.atlas import coordinator, finished
from spikeatlas.tasks.study.study import Study, StudyError
from tests.equal import differences
from tests.tiny import build, tiny

pytestmark = pytest.mark.server

EPOCHS = [0, 0.5, 1, 2]

TRAINING = """
import sys, time
from pathlib import Path
from spikeatlas.flows.checks.study_checks import check
from spikeatlas.snn.training import epoch_path, train_network
from spikeatlas.tasks.workers import models
from tests.tiny import tiny

run = check(tiny(Path(sys.argv[1]))).run
folder, finished = Path(sys.argv[2]), Path(sys.argv[3])
data = models.dataset(run.data)
train_network(
    run.network, run.training, data, folder=finished, seed=0, study=run.digest, epochs=[0, 0.5, 1, 2]
)
for epoch in (0, 0.5, 1, 2):
    # as somebody else would write it: in place, slowly
    whole = epoch_path(finished, epoch).read_bytes()
    with epoch_path(folder, epoch).open("wb", buffering=0) as file:
        file.write(whole[: len(whole) // 2])
        time.sleep(1)
        file.write(whole[len(whole) // 2 :])
    time.sleep(2)
"""
"""A training that is watched: it leaves half a file for a while."""


@pytest.fixture(autouse=True)
def served(api: str) -> Iterator[None]:
    """Prefect of this process, which read its settings when it was imported, on the running server."""
    with temporary_settings({PREFECT_API_URL: api}):
        yield


def watched(folder: Path, checkpoints: Path) -> Study:
    raw = tiny(
        folder, network={"checkpoints": str(checkpoints)}, probe={"epochs": "all"}, watch={"max_epochs": 2}
    )  # fmt: skip
    return Study.model_validate(raw)


def read_until(done: threading.Event, atlas: Path, errors: list[str], seen: list[int]) -> None:
    """Read all of an atlas again and again, as anybody would."""
    while not done.is_set():
        if not atlas.exists():
            continue
        try:
            # consolidated where the run of a turn has ended, node by node while one is at work
            with xr.open_datatree(atlas, engine="zarr") as tree:
                tree.load()
                ready = tree["progress"].analysed.values == 1
                group = tree["layers/conv2"].isel(epoch=ready)
                assert (group.response.values > 0).any(axis=(1, 2, 3)).all()
                seen.append(int(ready.sum()))
        except Exception as error:  # noqa: BLE001 - any is a failure
            errors.append(repr(error))


@pytest.mark.slow
def test_a_training_that_runs_is_followed(tmp_path: Path) -> None:
    checkpoints, run = tmp_path / "checkpoints", tmp_path / "run"
    checkpoints.mkdir()
    folders = map(str, (tmp_path / "other", checkpoints, tmp_path / "made"))
    training = subprocess.Popen(
        [sys.executable, "-c", TRAINING, *folders], cwd=Path(__file__).parents[2]
    )
    done, errors, seen = threading.Event(), list[str](), list[int]()
    reader = threading.Thread(
        target=read_until, args=(done, run / "atlas.zarr", errors, seen), daemon=True
    )
    reader.start()
    while training.poll() is None:
        watch_study_flow(watched(run, checkpoints))
    watch_study_flow(watched(run, checkpoints))
    done.set()
    reader.join()

    assert training.returncode == 0
    assert errors == []
    assert max(seen) >= 1
    assert seen == sorted(seen)
    assert (run / "report" / "index.html").exists()
    single = tiny(
        tmp_path / "single", network={"checkpoints": str(checkpoints)}, probe={"epochs": EPOCHS}
    )
    assert differences(build(single).run.atlas, run / "atlas.zarr") == []


@pytest.fixture
def followed(made: Checked, tmp_path: Path) -> Study:
    """A study that watches a copy of finished checkpoints, not begun."""
    shutil.copytree(made.run.checkpoints, tmp_path / "checkpoints")
    return watched(tmp_path / "run", tmp_path / "checkpoints")


def checkpoints(study: Study) -> Path:
    """The folder that a study watches."""
    return study.network.paths["network.checkpoints"]


def test_what_is_known_is_not_done_again(followed: Study) -> None:
    watch_study_flow(followed)
    atlas = followed.output / "atlas.zarr"
    before = {path: path.stat().st_mtime_ns for path in atlas.rglob("*")}

    watch_study_flow(followed)

    assert finished(atlas, [0, 2])
    assert {path: path.stat().st_mtime_ns for path in atlas.rglob("*")} == before

    changed = checkpoints(followed)
    shutil.copy(changed / "epoch-0.safetensors", changed / "epoch-2.safetensors")
    with pytest.raises(StudyError, match=r"has changed since .* put the old file back"):
        watch_study_flow(followed)


def test_overlapping_turns_do_not_double_work(followed: Study) -> None:
    with coordinator(followed.output):
        watch_study_flow(followed)

    assert not (followed.output / "atlas.zarr").exists()


def test_half_a_checkpoint_is_left_for_the_next_turn(followed: Study) -> None:
    folder = checkpoints(followed)
    torn = folder / "epoch-2.safetensors"
    torn.write_bytes(torn.read_bytes()[:-10])

    arrived = with_readable_epochs(followed)

    assert arrived is not None
    assert arrived.probe.epochs == (0, 1)


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def mix(folder: Path) -> None:
    other = check(tiny(folder.parent / "other", training={"lr": 0.001}))
    from spikeatlas.tasks.stages.train import train_network

    made = train_network(other.run)
    shutil.copy(made / "epoch-2.safetensors", folder / "epoch-2.safetensors")


def strip(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    save_file(load_file(folder / "epoch-0.safetensors"), folder / "epoch-0.safetensors")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (remove, "there is no folder .* to watch"),
        (mix, "holds files of several studies .* give a folder of one training"),
        (strip, "holds files of several studies .*epochs 0 of an unknown study"),
    ],
)
def test_a_folder_of_something_else_is_refused(
    followed: Study, spoil: Callable[[Path], None], told: str
) -> None:
    spoil(checkpoints(followed))

    with pytest.raises(StudyError, match=told):
        watch_study_flow(followed)
