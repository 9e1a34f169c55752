"""A run writes over nothing that no run made, and says so before any work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import open_store
from spikeatlas.tasks.atlas.ownership import obstacles
from spikeatlas.tasks.study.location import Url
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import tiny

MINE = (
    "claims.json",
    "checkpoints/epoch-0.safetensors",
    "checkpoints/training-state.pt",
    "report/index.html",
    "report/explore.html",
    ".writers",
    "generator/epoch-0001.png",
    "generator/curve.csv",
    "prefect/prefect.db",
    "so-far.png",
    "atlas.zarr/thesis.tex",
)
"""Files of a user's, by names that a run writes."""


def put(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    return paths


def refusal(raw: dict[str, Any], *, fresh: bool = False) -> str:
    with pytest.raises(StudyError) as caught:
        check(raw, fresh=fresh)
    return str(caught.value)


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize("fresh", [False, True])
def test_a_users_file_is_named_and_stays(tmp_path: Path, name: str, *, fresh: bool) -> None:
    (path,) = put(tmp_path / "own", name)

    told = refusal(tiny(tmp_path / "own"), fresh=fresh)
    assert path.name in told or "atlas.zarr is a folder without an atlas" in told
    assert path.read_text() == "mine"


def test_a_folder_of_other_files_is_no_obstacle(tmp_path: Path) -> None:
    put(
        tmp_path / "own", "thesis.tex", "report/thesis.tex", "checkpoints/epoch-0-old.safetensors", "generator/notes.md",
    )  # fmt: skip
    check(tiny(tmp_path / "own"))


def test_many_files_are_counted(tmp_path: Path) -> None:
    put(tmp_path / "own", *MINE[:6])
    told = refusal(tiny(tmp_path / "own"))
    assert "and 1 more would be written over, though no run made them (or they are damaged)" in told


def as_file(place: Path) -> None:
    place.write_text("mine")


def as_dangling_link(place: Path) -> None:
    place.symlink_to("/nowhere/at/all")


@pytest.mark.parametrize("name", ["checkpoints", "report", "generator", "prefect"])
@pytest.mark.parametrize("make", [as_file, as_dangling_link])
def test_a_folder_is_where_one_is_needed(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    (tmp_path / "own").mkdir()
    make(tmp_path / "own" / name)
    assert f"{name} is no folder, and a run needs one" in refusal(tiny(tmp_path / "own"))


def test_a_finished_run_is_no_obstacle_to_itself(made: Checked) -> None:
    assert obstacles(made.run, fresh=False) == obstacles(made.run, fresh=True) == []


def test_a_link_is_nobody_elses_to_replace(copied: Checked, tmp_path: Path) -> None:
    page, mine = copied.run.folder / "report" / "index.html", tmp_path / "mine.html"
    mine.write_text("<title>Spike Atlas: digits</title>")
    page.parent.mkdir(exist_ok=True)
    page.symlink_to(mine)
    (told,) = obstacles(copied.run, fresh=True)
    assert "report/index.html would be written over" in told


def test_where_a_link_leads_the_checkpoints_of_another_study_stay(
    copied: Checked, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "checkpoints").symlink_to(copied.run.checkpoints)
    assert "epoch-0.safetensors" in refusal(tiny(folder, search={"budget": 30}))
    check(tiny(folder))


def test_checkpoints_of_another_study_stay_where_its_atlas_is_gone(copied: Checked) -> None:
    folder = copied.run.folder
    shutil.rmtree(folder / "atlas.zarr")
    check(tiny(folder))
    problem = refusal(tiny(folder, seed=7))
    assert "epoch-0.safetensors is a checkpoint of a study with other settings" in problem
    check(tiny(folder, seed=7), fresh=True)


def test_files_of_others_in_an_atlas_keep_it(copied: Checked) -> None:
    put(copied.run.folder, "atlas.zarr/layers/conv2/notes.txt", "atlas.zarr/c/0")
    assert obstacles(copied.run, fresh=False) == []
    (told,) = obstacles(copied.run, fresh=True)
    assert "atlas.zarr/c/0, " in told
    assert "layers/conv2/notes.txt would be" in told


def test_another_store_is_no_atlas(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "own" / "atlas.zarr", mode="w", attributes={"mine": True})
    assert "is no atlas that a run made" in refusal(tiny(tmp_path / "own"), fresh=True)
    assert (tmp_path / "own" / "atlas.zarr" / "zarr.json").exists()


def test_objects_of_others_stay_where_an_atlas_is_to_be(tmp_path: Path) -> None:
    at = Url(f"memory://{tmp_path.name}/mine.zarr")
    (Url(f"{at}/paper.txt")).write_text("mine")
    raw = {**tiny(tmp_path / "run"), "atlas": str(at)}
    for fresh in (False, True):
        assert "holds paper.txt, and is no atlas that a run made" in refusal(raw, fresh=fresh)


def test_a_damaged_atlas_is_still_ours(copied: Checked) -> None:
    (copied.run.folder / "atlas.zarr" / "zarr.json").write_text("{")
    assert obstacles(copied.run, fresh=True) == []
    with pytest.raises(ValueError, match="damaged"):
        open_store(copied.run.atlas)


def test_nothing_is_made_to_check_a_study(tmp_path: Path) -> None:
    check(tiny(tmp_path / "new" / "deep"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_output(tmp_path: Path) -> None:
    put(tmp_path, "own")
    told = refusal(tiny(tmp_path / "own" / "run"))
    assert f"{tmp_path / 'own'} is no folder, so" in told


def test_a_copy_without_hidden_files_goes_on(copied: Checked) -> None:
    (copied.run.folder / ".writers").unlink()
    (copied.run.folder / "prefect").mkdir()
    put(copied.run.folder, "prefect/prefect.db")
    assert obstacles(copied.run, fresh=False) == []


def test_a_copy_without_its_atlas_goes_on(copied: Checked) -> None:
    shutil.rmtree(copied.run.folder / "atlas.zarr")
    check(tiny(copied.run.folder))
