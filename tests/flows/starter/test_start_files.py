from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from spikeatlas.flows.checks.study_checks import check
from spikeatlas.flows.starter import SHIPPED, write_start
from tests.conftest import Ask

ROOT = Path(__file__).parents[3]


def test_a_folder_has_a_study_and_all_deployments(tmp_path: Path) -> None:
    folder = tmp_path / "a b" / "new"
    paths = write_start(folder)
    assert all(path.is_file() for path in paths)
    names = {path.relative_to(folder).as_posix() for path in paths}
    assert "study.yaml" in names
    clone = [path for path in (ROOT / "deployments").rglob("*") if path.is_file()]
    assert names - {"study.yaml"} == {path.relative_to(ROOT).as_posix() for path in clone}


def test_no_file_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("mine")
    (tmp_path / "deployments").mkdir()
    (tmp_path / "deployments" / "prefect.yaml").symlink_to("nowhere")
    with pytest.raises(
        FileExistsError, match=r"has study\.yaml, deployments/prefect\.yaml already"
    ):
        write_start(tmp_path)
    assert (tmp_path / "study.yaml").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "deployments",
        "prefect.yaml",
        "study.yaml",
    ]


@pytest.mark.parametrize("link", [False, True])
def test_nothing_is_written_where_a_folder_is_a_file_or_a_link(
    tmp_path: Path, *, link: bool
) -> None:
    place = tmp_path / "deployments"
    if link:
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to("elsewhere")
    else:
        place.write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FileExistsError, match="has deployments already"):
        write_start(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_its_study_passes_and_says_what_it_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_start(tmp_path)
    monkeypatch.chdir(tmp_path)
    raw = yaml.safe_load((tmp_path / "study.yaml").read_text())
    checked = check(raw)
    assert checked.layout.neurons == 24
    assert {*raw} >= {"data", "network", "training", "generator", "probe", "search", "output"}


def test_the_package_brings_its_deployments_and_docs() -> None:
    assert (SHIPPED / "prefect.yaml").is_file()
    assert (SHIPPED / "benchmarks" / "search.yaml").is_file()
    assert (SHIPPED.parent / "docs" / "results" / "position-digits.json").is_file()


def test_the_command_says_what_comes_next_and_refuses_what_is_there(
    ask: Ask, tmp_path: Path
) -> None:
    first = ask("init", tmp_path / "new")
    assert first.returncode == 0
    assert "spikeatlas run study.yaml" in first.stdout
    again = ask("init", tmp_path / "new")
    assert again.returncode == 2
    assert again.stdout == ""
    assert again.stderr.count("\n") == 1
    file = ask("init", tmp_path / "new" / "study.yaml")
    assert file.returncode == 2
