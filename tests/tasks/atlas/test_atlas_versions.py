"""Atlases of older versions are whole: they are described, verified, asked and reported, and go on as they are."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import (
    ANALYSED,
    KNOWN,
    OBSERVED,
    OldError,
    extend,
    integrity,
    layout_of,
    migrate,
    open_store,
    read,
    values,
    write,
)
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.atlas.groups.progress_group import EPOCH
from spikeatlas.tasks.atlas.groups.selectivity_group import TUNING
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.stages.analyze import analyze
from spikeatlas.tasks.stages.observe import observe
from tests.conftest import Ask
from tests.equal import differences
from tests.former import (
    METHODS,
    RESULTS,
    ROUNDING,
    VERSIONS,
    WHOLE,
    content_of,
    raw_study,
    study_of,
    unpack,
)
from tests.tiny import atlas_folder, build

NEVER_MEASURED = {
    "onset": "no /training",
    "switched": "no /training",
    "importance": "no /importance/ablation",
    "accuracy": "without tests of selectivity: only a new atlas has it",
}
"""Questions that the two oldest versions cannot answer, and the sentence that says so."""


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The atlas of each version: read only."""
    return {version: unpack(version, tmp_path_factory.mktemp(version)) for version in VERSIONS}


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_described(old: dict[str, Path], version: str, ask: Ask) -> None:
    done = ask("info", old[version])

    assert done.returncode == 0, done.stderr
    assert " conv2 " in done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_whole_not_damaged(old: dict[str, Path], version: str, ask: Ask) -> None:
    done = ask("info", old[version], "--verify")

    assert f"verified {RESULTS[version]} results" in done.stdout
    problems = done.stderr.splitlines()
    assert all(ROUNDING.search(problem) for problem in problems), problems
    assert len(problems) <= 2
    assert done.returncode == bool(problems)


@pytest.mark.parametrize("version", VERSIONS)
def test_its_neurons_are_shown(
    old: dict[str, Path], version: str, ask: Ask, tmp_path: Path
) -> None:
    done = ask("query", old[version], "--json", "--png", tmp_path / "sheet.png")

    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 9


@pytest.mark.parametrize("about", ["onset", "switched", "methods", "importance", "accuracy"])
@pytest.mark.parametrize("version", VERSIONS)
def test_it_answers_or_says_what_it_lacks(
    old: dict[str, Path], version: str, about: str, ask: Ask
) -> None:
    done = ask("query", old[version], "--about", about, "--json")

    lack = "" if version in WHOLE else NEVER_MEASURED.get(about, "")
    assert done.returncode == (2 if lack else 0), done.stderr
    assert lack in done.stderr
    assert len(done.stderr.splitlines()) == bool(lack)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_reported(old: dict[str, Path], version: str, ask: Ask, tmp_path: Path) -> None:
    done = ask("report", old[version], "-o", tmp_path)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "index.html").exists()
    assert (tmp_path / "explore.html").exists()


@pytest.mark.parametrize("version", VERSIONS)
def test_its_methods_are_compared(old: dict[str, Path], version: str, ask: Ask) -> None:
    done = ask("compare", old[version], *METHODS[version])

    assert done.returncode == 0, done.stderr
    assert "wins" in done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_claims_are_tested_or_it_is_said_what_they_need(
    version: str, ask: Ask, tmp_path: Path
) -> None:
    done = ask("claims", unpack(version, tmp_path))

    if version in WHOLE:
        assert done.returncode == 0, done.stderr
        assert "undecided" in done.stdout
    else:
        assert done.returncode == 2
        assert "without responses to single test images" in done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_reading_leaves_it_as_it_is(version: str, ask: Ask, tmp_path: Path) -> None:
    atlas = unpack(version, tmp_path)
    before = content_of(atlas)

    for words in (
        ("info", atlas, "--verify"),
        ("query", atlas),
        ("claims", atlas),
        ("report", atlas),
    ):
        ask(*words)

    assert content_of(atlas) == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("command", ["run", "validate"])
def test_its_study_does_not_go_on_with_it_as_it_is(
    command: str, version: str, ask: Ask, tmp_path: Path
) -> None:
    atlas = unpack(version, tmp_path)
    before = content_of(atlas)

    done = ask(command, tmp_path / "study.yaml", "--set", f"output={atlas.parent}")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert f"`spikeatlas migrate {atlas}`" in done.stderr
    assert content_of(atlas) == before
    with pytest.raises(OldError, match="can be read but not gone on with"):
        open_store(atlas, "r+")


@pytest.mark.parametrize("version", VERSIONS)
def test_its_study_goes_on_with_it(version: str, tmp_path: Path) -> None:
    atlas = unpack(version, tmp_path / "old")
    migrate(atlas)
    shutil.copytree(atlas, tmp_path / "before.zarr")
    checked = study_of(atlas)

    run = allocate(checked.run, checked.layout, checked.data, checked.source)

    assert (
        run.digest == open_store(atlas).attrs["study_digest"]
    )  # the name that its checkpoints know
    assert differences(tmp_path / "before.zarr", atlas) == []


@pytest.mark.parametrize("version", VERSIONS[:-1])  # the last has a warm start, and no later epoch
def test_a_later_epoch_is_added_without_arrays_of_today(version: str, tmp_path: Path) -> None:
    atlas = unpack(version, tmp_path)
    migrate(atlas)
    before = {array.path for array in arrays_at(atlas)}

    checked = study_of(atlas, probe={"epochs": [0, 1, 2]})
    run = allocate(checked.run, checked.layout, checked.data, checked.source)

    assert values(open_store(atlas), EPOCH).tolist() == [0, 1, 2]
    assert {array.path for array in arrays_at(atlas)} == before
    assert integrity.metadata_damage(atlas) == []
    observe(run, 1)
    assert read.flagged(atlas, OBSERVED, 1)
    for epoch in (0, 1, 2):
        assert integrity.epoch_damage(atlas, epoch) == []


def arrays_at(atlas: Path) -> list[zarr.Array]:  # type: ignore[type-arg]
    members = zarr.open_group(atlas, mode="r").members(max_depth=None)
    nodes = ("provenance/",)  # these grow with the arrays
    return [
        array
        for name, array in members
        if isinstance(array, zarr.Array) and not name.startswith(nodes)
    ]


def test_a_whole_epoch_more_of_the_last_version(tmp_path: Path) -> None:
    atlas = unpack("before-groups", tmp_path)
    migrate(atlas)

    checked = build(raw_study(atlas, atlas.parent, probe={"epochs": [0, 1, 2]}))

    for mark in (ANALYSED, KNOWN):
        assert values(open_store(atlas), mark).tolist() == [1, 1, 1]
    verdict = verify(run_of_atlas(checked.run.atlas))
    assert all(ROUNDING.search(problem) for problem in verdict.problems), verdict.problems
    assert verdict.checked > RESULTS["before-groups"]


def lose(checked: Checked, *names: str) -> None:
    """Make the atlas one of a version that did not know some arrays yet: its list says so."""
    for name in names:
        shutil.rmtree(atlas_folder(checked) / name)
    root = zarr.open_group(checked.run.atlas, mode="r+")
    others = ~np.isin(values(root, "provenance/node"), names)
    for name in ("provenance/node", "provenance/metadata_digest"):
        entries = values(root, name)[others]
        array: Any = root[name]
        array.resize((len(entries),))
        array[:] = entries


def test_a_variable_that_is_newer_than_the_atlas_is_not_missed(copied: Checked) -> None:
    lose(copied, "selectivity/csi_low", "neurons/typicality", "selectivity/natural_active")

    assert integrity.epoch_damage(copied.run.atlas, 2) == []
    run = allocate(copied.run, copied.layout, copied.data, copied.source)
    write.clear_epoch(run.atlas, 2)
    analyze(run, 2)

    assert read.flagged(run.atlas, ANALYSED, 2)
    assert integrity.epoch_damage(run.atlas, 2) == []
    assert "csi_low" in TUNING.variables(layout_of(open_store(run.atlas)), None)
    assert "selectivity/csi_low" not in open_store(run.atlas)


def test_an_array_that_the_atlas_lists_is_missed(copied: Checked) -> None:
    shutil.rmtree(atlas_folder(copied) / "selectivity/csi_low")

    assert integrity.epoch_damage(copied.run.atlas, 2) != []
    with pytest.raises(KeyError, match="csi_low"):
        write.write_epoch(
            copied.run.atlas, 2, {"selectivity/csi_low": np.zeros(14, np.float32)}, ANALYSED
        )


def test_what_no_version_knows_is_not_written(copied: Checked) -> None:
    with pytest.raises(KeyError, match="csi_lwo"):
        write.write_epoch(
            copied.run.atlas, 2, {"selectivity/csi_lwo": np.zeros(14, np.float32)}, ANALYSED
        )


def test_it_grows_without_arrays_of_today(copied: Checked) -> None:
    lose(copied, "selectivity/csi_low")
    layout = layout_of(open_store(copied.run.atlas))

    extend(copied.run.atlas, layout, replace(layout, epochs=(0, 1, 2)))

    assert "selectivity/csi_low" not in open_store(copied.run.atlas)
    for epoch in (0, 1, 2):
        assert integrity.epoch_damage(copied.run.atlas, epoch) == []
