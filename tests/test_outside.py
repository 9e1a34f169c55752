"""Readers without our packages stay the measure: xarray's own verbs, on a new atlas and on a migrated one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from spikeatlas.tasks.atlas import Layout, consolidate, create, migrate
from tests.former import raw_study, unpack
from tests.tiny import build, comparing, folder_of

SCRIPT = Path(__file__).with_name("outside.py")


def look(*arguments: object) -> None:
    """Run the script in a process of its own, which refuses our packages."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def networks(folder: Path) -> None:
    """Make the atlases of two networks of one study."""
    for seed in (0, 1):
        raw = comparing(folder / str(seed), search={"diverse": 2}, analysis={"cross": True})
        consolidate(folder_of(build({**raw, "seed": seed}).run))


def test_xarray_s_own_verbs(tmp_path: Path) -> None:
    networks(tmp_path)
    look(tmp_path / "0" / "atlas.zarr", tmp_path / "1" / "atlas.zarr", tmp_path)


def test_xarray_s_own_verbs_on_a_migrated_atlas(tmp_path: Path) -> None:
    atlas = unpack("before-dimensions", tmp_path)
    migrate(atlas)
    other = build({**raw_study(atlas, tmp_path / "other"), "seed": 2})
    consolidate(folder_of(other.run))
    look(atlas, folder_of(other.run), tmp_path)


def test_frames_of_a_large_atlas(tmp_path: Path) -> None:
    neurons = {"conv1": tuple(range(6000)), "fc1": tuple(range(4000))}
    layout = Layout(
        epochs=tuple(map(float, range(20))),
        layers=neurons,
        blocks={"conv1": 6000, "fc1": 4000},
        methods=("tt", "random"),
        repeats=3,
        budget=100,
        latent=4,
        latent_dtype="int32",
        image=(1, 8, 8),
        classes=tuple("0123456789"),
        screening=5,
        naturalness="code",
        natural_images=(0, 1),
        natural_labels=(0, 1),
        natural_first=(0, 1),
        cross=True,
        ablation=True,
    )
    path = tmp_path / "atlas.zarr"
    create(path, layout, {"layers": list(neurons)}, {})
    consolidate(path)
    look("--scalars", path)
