from __future__ import annotations

import shutil
from pathlib import Path

from spikeatlas.flows.serving.listing import (
    atlas_of_page,
    atlases_below,
    belongs_to_an_atlas,
    state_of,
)
from spikeatlas.tasks.atlas import coordinator
from spikeatlas.tasks.inspect.run_state import RunState
from tests.flows.serving.conftest import work_on


def test_all_atlases_below_a_folder_are_listed(served: Path) -> None:
    shutil.copytree(served / "stopped", served / ".hidden" / "run")
    (served / "half.zarr").mkdir()
    assert [atlas.path.relative_to(served).as_posix() for atlas in atlases_below(served)] == [
        "a b/atlas.zarr",
        "stopped/atlas.zarr",
    ]
    assert [atlas.path.name for atlas in atlases_below(served / "stopped")] == ["atlas.zarr"]


def test_two_atlases_of_a_folder_do_not_share_their_pages(served: Path) -> None:
    run = served / "stopped"
    shutil.copytree(run / "atlas.zarr", run / "copy.zarr")
    shutil.move(served / "a b" / "atlas.zarr", served / "a b" / "other.zarr")
    pages = {atlas.path.name: atlas.pages for atlas in atlases_below(served)}
    assert pages == {
        "atlas.zarr": run / "report",
        "copy.zarr": run / "copy.zarr" / "report",
        "other.zarr": served / "a b" / "report",
    }
    for atlas in atlases_below(served):
        assert atlas_of_page(atlas.pages / "index.html") == atlas.path
    assert atlas_of_page(served / "report" / "index.html") is None
    assert atlas_of_page(run / "atlas.zarr" / "report" / "index.html") is None


def test_files_of_an_atlas_and_pictures_of_its_run_belong_to_it(served: Path) -> None:
    def belong(*names: str) -> list[bool]:
        return [belongs_to_an_atlas(served / name, served) for name in names]

    assert belong("a b/atlas.zarr/zarr.json", "a b/atlas.zarr/progress/c/0") == [True, True]
    assert (
        belong("a b/report/index.html", "a b/claims.json", "a b/generator/codes.png") == [True] * 3
    )
    assert belong("private.png", "a b/weights.pt", "other/page.html", "half.zarr/x") == [False] * 4
    # a run's folder may be that of a project
    assert belong("a b/mine/key.json", "a b/key.json", "a b/mine/generator/x.png") == [False] * 3


def test_the_state_follows_the_atlas(served: Path) -> None:
    atlas = served / "stopped" / "atlas.zarr"

    def state() -> str:
        reply = state_of(atlas)
        assert isinstance(reply, RunState)
        return reply.state

    assert state() == "stopped"
    with coordinator(atlas.parent):
        assert state() == "running"
    whole = state_of(served / "a b" / "atlas.zarr")
    assert isinstance(whole, RunState)
    assert whole.state == "complete"
    work_on(atlas)
    assert state() == "stopped"


def test_a_damaged_atlas_is_a_sentence(served: Path) -> None:
    (served / "stopped" / "atlas.zarr" / "zarr.json").write_text("{")
    assert "damaged" in str(state_of(served / "stopped" / "atlas.zarr"))
