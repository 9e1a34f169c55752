"""The page about networks of one's own is true: its files and studies are run, whole, and their atlases replayed."""

from __future__ import annotations

import re
import runpy
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from spikeatlas.snn.subjects import LACKS, SUBJECTS
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.workers import models
from tests.conftest import Ask
from tests.networks.spikingjelly_nets import library
from tests.pages import ROOT, blocks
from tests.sharing import once
from tests.tiny import STUDY, build, study_file

PAGE = ROOT / "docs" / "networks.md"
SCRIPTS = ("train_net.py", "train_zoo.py", "export_nir.py", "weights.py")
SMALL: dict[str, Any] = {
    "data": {"dataset": "digits", "limit": 120},
    "generator": STUDY["generator"],
    "search": {"methods": ["random"], "budget": 20, "screening_images": 12, "prior": "uniform"},
}
STUDIES = {
    Path(raw["output"]).name: raw
    for raw in map(yaml.safe_load, blocks(PAGE, "yaml"))
    if "output" in raw
}


def files() -> dict[str, str]:
    """The page's files, by their names."""
    return {
        code.splitlines()[0].removeprefix("# "): code
        for code in blocks(PAGE, "python")
        if re.match(r"# \w+\.py\n", code)
    }


def written(folder: Path) -> Path:
    """Write the page's files into a folder, and run its scripts, as a reader would."""
    for name, code in files().items():
        (folder / name).write_text(code)
    library()  # which warns when it is first imported
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "nirtorch.extract_nir_graph", DeprecationWarning)
        for script in SCRIPTS:
            runpy.run_path(str(folder / script))
    return folder


@pytest.fixture
def folder(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder of a reader who has done all that the page shows."""
    place = shared / "networks-of-the-page"
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [str(place), *sys.path])
        with once(place) as first:
            patch.chdir(place)
            if first:
                written(place)
        yield place
        for name in files():
            sys.modules.pop(name.removesuffix(".py"), None)


def small(name: str, output: Path) -> dict[str, Any]:
    """A study of the page with few images and a small budget."""
    fields = {"training": {"batch_size": 32}} if name == "resnet" else {}
    raw = {**SMALL, **STUDIES[name], **fields, "output": str(output)}
    raw["probe"] = {"neurons": 4, **raw.get("probe", {})}
    return {**raw, "analysis": {**raw.get("analysis", {}), "images": 60, "ablation_images": 60}}


def test_every_kind_of_network_has_an_example() -> None:
    kinds = {raw["network"]["kind"] for raw in STUDIES.values()}

    assert kinds == {"chain", "module", "resnet", "nir", "callable"}
    assert set(SCRIPTS) < set(files())


@pytest.mark.parametrize("name", [name for name in STUDIES if name != "mine"])
def test_the_study_makes_an_atlas_that_is_replayed(folder: Path, tmp_path: Path, name: str) -> None:
    checked = build(small(name, tmp_path / "run"))

    verdict = verify(run_of_atlas(checked.run.atlas))

    assert verdict.problems == []
    assert verdict.sound
    assert (folder / "mymodels.py").exists()


def lacks_of_the_page() -> dict[str, dict[str, str]]:
    """Cells of the page's table of lacks: by lack, then by kind."""
    table = re.search(r"\n\| lacks \|.*?\n\n", PAGE.read_text(), re.DOTALL)
    assert table
    head, _, *rows = (
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in table[0].strip().splitlines()
    )
    return {row[0]: dict(zip(head[1:-1], row[1:-1], strict=True)) for row in rows}


def test_the_table_of_lacks_names_all() -> None:
    table = lacks_of_the_page()

    assert table.keys() == LACKS.keys()
    assert all(row.keys() == SUBJECTS.members.keys() for row in table.values())


@pytest.mark.parametrize("name", [None, *STUDIES])
def test_the_table_of_lacks_is_true(folder: Path, tmp_path: Path, name: str | None) -> None:
    """What a network lacks is what its column says; where this depends on the network, either may be."""
    raw = {"data": SMALL["data"]} if name is None else small(name, tmp_path / "run")
    study = Study.model_validate(raw)

    lacks = models.plain_source(study).lacks

    for lack, row in lacks_of_the_page().items():
        cell = row[study.network.kind]
        if cell in {"", "lacks"}:
            assert (lack in lacks) == (cell == "lacks"), (lack, study.network.kind)
        elif lack == "epochs":
            assert (lack in lacks) == ("checkpoints" not in raw["network"])
    assert folder.exists()


def test_the_commands_at_the_top(folder: Path, tmp_path: Path, ask: Ask) -> None:
    study = study_file(tmp_path, small("mine", tmp_path / "run"))

    shown = ask("info", "--network", study)

    assert shown.returncode == 0, shown.stderr
    for words in ("lif1", "lif2", "lif3", "time steps", "test images right"):
        assert words in shown.stdout
    assert folder.exists()
