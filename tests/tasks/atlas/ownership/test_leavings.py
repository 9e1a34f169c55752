"""What ``--fresh`` removes: the files of runs, one by one, and nothing that the study reads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import AtlasError
from spikeatlas.tasks.atlas.agree import agree
from spikeatlas.tasks.atlas.ownership import discard, leavings
from spikeatlas.tasks.study.study import Study
from tests.tiny import tiny


def others(folder: Path) -> list[str]:
    """All files of a run's folder that ``--fresh`` may remove."""
    return sorted(
        path.relative_to(folder).as_posix()
        for name in ("checkpoints", "report", "atlas.zarr", "claims.json")
        for path in [folder / name, *(folder / name).glob("*")]
        if path.is_file()
    )


def fresh(raw: dict[str, Any]) -> Checked:
    checked = check(raw, fresh=True)
    discard(leavings(checked.run, checked.source))
    return checked


def test_files_of_others_stay(copied: Checked) -> None:
    folder = copied.run.folder
    mine = [
        "checkpoints/resnet.pt", "checkpoints/epoch-2-best.safetensors", "report/index-old.html", "report/thesis.tex",
    ]  # fmt: skip
    for name in mine:
        (folder / name).parent.mkdir(exist_ok=True)
        # as a user keeps copies of what a run made
        source = folder / ("checkpoints/epoch-2.safetensors" if "epoch" in name else "claims.json")
        shutil.copy(source, folder / name)
    backup = shutil.copytree(folder / "atlas.zarr", folder / "atlas.zarr.old")

    fresh(tiny(folder, search={"budget": 30}))

    assert others(folder) == sorted(mine)
    assert (backup / "zarr.json").exists()
    assert copied.run.generator_file.exists()


@pytest.mark.parametrize("way", ["", "link/", "x/../"])
def test_checkpoints_that_the_study_reads_stay(copied: Checked, way: str) -> None:
    folder = copied.run.folder
    (folder.parent / "link").symlink_to(folder.parent)
    (folder.parent / "x").mkdir()
    checkpoints = f"{folder.parent}/{way}{folder.name}/checkpoints/"
    raw = tiny(folder, network={"checkpoints": checkpoints}, search={"budget": 30})
    del raw["training"]
    before = sorted(path.name for path in copied.run.checkpoints.iterdir())

    told = str(leavings(check(raw, fresh=True).run, check(raw, fresh=True).source))
    assert "/checkpoints" not in told
    fresh(raw)

    assert sorted(path.name for path in copied.run.checkpoints.iterdir()) == before
    assert not (folder / "atlas.zarr").exists()


def test_nothing_is_removed_through_a_link(copied: Checked, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    copied.run.checkpoints.rename(elsewhere)
    copied.run.checkpoints.symlink_to(elsewhere)
    discard(leavings(copied.run, copied.source))
    assert (elsewhere / "epoch-0.safetensors").exists()


def test_the_advice_names_what_would_go(copied: Checked) -> None:
    study = Study.model_validate(tiny(copied.run.folder, search={"budget": 30}))
    run = check(study, fresh=True).run
    with pytest.raises(AtlasError) as caught:
        agree(run, copied.source, copied.data.digest())
    told = str(caught.value)
    assert "`spikeatlas run ... --fresh`, which removes " in told
    assert f"{run.atlas}, 4 files of ours in {run.checkpoints}" in told
    assert str(run.folder / "claims.json") in told


def test_where_there_is_nothing_nothing_goes(tmp_path: Path) -> None:
    checked = check(tiny(tmp_path / "run"))
    remains = leavings(checked.run, checked.source)
    assert (remains.atlas, remains.files, str(remains)) == (None, (), "nothing")
    discard(remains)
