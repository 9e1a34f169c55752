"""SIGKILL of the whole process group at any moment: resumed, the atlas equals an uninterrupted one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from spikeatlas.flows.checks.study_checks import Checked
from tests.equal import differences
from tests.flows.conftest import RunStudy
from tests.tiny import study_file, tiny

pytestmark = pytest.mark.server


class Moment(NamedTuple):
    """A point in a run, seen from the files it has written."""

    name: str
    reached: Callable[[Path], bool]


def holds(pattern: str) -> Callable[[Path], bool]:
    return lambda run: any(run.glob(pattern))


def between_data_and_status(run: Path) -> bool:
    """Data of a block is written, its status is not."""
    for history in run.glob("atlas.zarr/history/*/history"):
        status = run / "atlas.zarr" / "layers" / history.parent.name / "status"
        for chunk in history.glob("c/*/*"):
            if not (status / chunk.relative_to(history)).exists():
                return True
    return False


MOMENTS = [
    Moment("generator training", holds("*generator-*")),
    Moment("network training", holds("checkpoints/epoch-0.safetensors")),
    Moment("observe", holds("atlas.zarr/progress/trained/c/0")),
    Moment("screen", holds("atlas.zarr/screening_image/screening_image/c/*")),
    Moment("maximise", holds("atlas.zarr/layers/*/status/c/*")),
    Moment("between data and status", between_data_and_status),
    Moment("analyse", holds("atlas.zarr/layers/conv2/status/c/1/*")),
    Moment("report", holds("atlas.zarr/progress/analysed/c/*")),
    Moment("cross", holds("atlas.zarr/cross/crossed/c/*/*")),
]


def kill_at(study: Path, run: Path, moment: Moment, wait: float) -> bool:
    """Start a run in a group of its own and kill the group ``wait`` seconds after the moment; whether it was in time."""
    command = [sys.executable, "-m", "spikeatlas.flows.cli", "run", str(study)]
    process = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not moment.reached(run):
        time.sleep(0.001)
    time.sleep(wait)
    in_time = process.poll() is None
    if in_time:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return in_time


def assert_nothing_left(group: Path) -> None:
    """No process of the run lives on."""
    time.sleep(0.2)
    left = [
        p
        for p in psutil.process_iter(["cmdline"])
        if str(group) in " ".join(p.info["cmdline"] or [])
    ]
    assert not left


def interrupted(
    run_study: RunStudy, tmp_path: Path, moments: list[tuple[Moment, float]]
) -> tuple[Path, int]:
    """Run a study, killed at each moment in turn and started again, to its end."""
    study = study_file(tmp_path, tiny(tmp_path / "run"))
    killed = sum(kill_at(study, tmp_path / "run", moment, wait) for moment, wait in moments)
    assert_nothing_left(tmp_path)
    run_study(study)
    return tmp_path / "run" / "atlas.zarr", killed


def test_killed_and_resumed_equals_uninterrupted(
    run_study: RunStudy, made: Checked, tmp_path: Path
) -> None:
    chosen = [(MOMENTS[i], 0.0) for i in (1, 4, 5, 6, 8)]

    atlas, killed = interrupted(run_study, tmp_path, chosen)

    assert killed == len(chosen)
    assert differences(made.run.atlas, atlas) == []


def drawn() -> list[tuple[Moment, float]]:
    """Fifty moments: each stage at once and three times a little later, and the rest anywhere in the searches."""
    rng = random.Random(0)
    everywhere = [
        (moment, wait)
        for moment in MOMENTS
        for wait in (0.0, *(rng.uniform(0, 0.15) for _ in range(3)))
    ]
    searches = [(rng.choice(MOMENTS[2:6]), rng.uniform(0, 0.15)) for _ in range(14)]
    return everywhere + searches


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "wait"), drawn(), ids=[f"{i}-{moment.name}" for i, (moment, _) in enumerate(drawn())]
)
def test_killed_anywhere(
    run_study: RunStudy, made: Checked, tmp_path: Path, moment: Moment, wait: float
) -> None:
    atlas, killed = interrupted(run_study, tmp_path, [(moment, wait)])

    assert killed == 1
    assert differences(made.run.atlas, atlas) == []
