"""A replay needs neither the images nor the folder in which the study ran."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.inspect.replay.verify_origin import images_of_atlas, replayable
from spikeatlas.tasks.workers import models
from tests.tiny import build, tiny

SMALL: dict[str, Any] = {
    "network": {"channels": [3], "hidden": [], "time_steps": 4},
    "probe": {"epochs": [0], "layers": "all", "neurons": 2},
    "search": {
        "methods": ["random"], "budget": 20, "repeats": 1, "screening_images": 8, "prior": "uniform",
    },
    "analysis": {"images": 8},
}  # fmt: skip


def draw(root: Path) -> None:
    """Write a data set of 8x8 pictures in two classes."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 40), ("test", 12)):
        for number, name in enumerate(("cat", "dog")):
            (root / split / name).mkdir(parents=True)
            for index in range(count):
                pixels = rng.integers(0, 90, (8, 8)).astype(np.uint8)
                pixels[4 * number : 4 * number + 4] += 150
                Image.fromarray(pixels).save(root / split / name / f"{index:03}.png")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with images, and a run of a study that names all by relative paths; its network came from another."""
    folder = tmp_path_factory.mktemp("project")
    draw(folder / "imgs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        data = {"dataset": "folder", "root": "imgs", "limit": None}
        first = {**tiny(Path("runs/first"), **SMALL), "data": data}
        made = build({**first, "training": {"epochs": 0}})
        shutil.copy(made.run.generator_file, "gen.safetensors")
        second = {**tiny(Path("runs/a"), **SMALL), "data": data}
        second["network"]["checkpoints"] = "runs/first/checkpoints"
        second["generator"]["checkpoint"] = "gen.safetensors"
        build(second)
    return folder


@pytest.fixture(autouse=True)
def _forgetful(project: Path) -> None:
    """Forget the images that this process has loaded by a relative path."""
    del project
    for cache in (models.dataset, models.plain_source_at, models.source_at, models.subject_at):
        cache.cache_clear()


def nothing(folder: Path) -> Path:
    return folder


def without_images(folder: Path) -> Path:
    shutil.rmtree(folder / "imgs")
    return folder


def moved(folder: Path) -> Path:
    (folder / "imgs").rename(folder.parent / "gone")
    return folder.rename(folder.with_name("moved here"))


@pytest.mark.parametrize("change", [nothing, without_images, moved])
@pytest.mark.parametrize("name", ["first", "a"])
def test_an_atlas_replays_from_anywhere(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], Path],
    name: str,
) -> None:
    folder = change(shutil.copytree(project, tmp_path / "copy"))
    monkeypatch.chdir("/")
    verdict = verify(run_of_atlas(folder / "runs" / name / "atlas.zarr"))
    assert verdict.sound, verdict.problems
    assert verdict.checked > 0


def test_a_run_that_was_moved_alone_reads_what_it_read(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    atlas = shutil.copytree(project / "runs" / "a", tmp_path / "alone") / "atlas.zarr"
    run = run_of_atlas(atlas)
    assert run.generator.checkpoint == project / "gen.safetensors"
    assert run.network.paths == {"network.checkpoints": project / "runs" / "first" / "checkpoints"}
    assert verify(run).sound


def test_the_images_of_an_atlas_name_its_files_as_the_study_does(project: Path) -> None:
    run = run_of_atlas(project / "runs" / "first" / "atlas.zarr")
    other = replayable(run)
    assert other.data != run.data
    assert other.generator_file == run.generator_file
    images = images_of_atlas(run.atlas)
    assert len(images.test) == 24
    assert not len(images.train)
    assert images.classes == ("cat", "dog")
    assert images.shape == (1, 8, 8)
