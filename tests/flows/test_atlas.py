"""The whole job through the command line, against a real Prefect server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import xarray as xr
import zarr

from spikeatlas.flows.atlas import FailedBlocks
from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.runners.run_page import artifact_key
from spikeatlas.tasks.atlas import ANALYSED, FAILED, finished
from spikeatlas.tasks.search.block_probe import BlockProbe
from tests.equal import differences
from tests.flows.conftest import Cli, RunStudy
from tests.tiny import folder_of, study_file, tiny

pytestmark = pytest.mark.server


def mtimes(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("c/**/*") if path.is_file()}


def test_a_run_equals_the_plain_functions_and_is_recorded(
    api: str, cli: Cli, run_study: RunStudy, made: Checked, tmp_path: Path
) -> None:
    study = study_file(tmp_path, tiny(tmp_path / "run"))

    done = cli("run", study)

    assert done.returncode == 0, done.stderr
    assert differences(made.run.atlas, tmp_path / "run" / "atlas.zarr") == []
    assert (tmp_path / "run" / "report" / "index.html").exists()
    submitted = re.search(r"(\d+) of (\d+) task runs are on record", done.stderr)
    assert submitted is not None, done.stderr
    assert submitted[1] == submitted[2]
    names = [run["name"] for run in httpx.post(f"{api}/task_runs/filter", json={}).json()]
    assert "maximize epoch=2 layer=conv2 neurons=4-6" in names
    wanted = {"flow_runs": {"name": {"any_": [f"atlas {tmp_path / 'run'}"]}}}
    (told,) = httpx.post(f"{api}/flow_runs/filter", json=wanted).json()
    assert set(told["tags"]) == {"spikeatlas", "digits", "vqvae"}
    show_all_on_one_page(api, told["id"], tmp_path / "run")

    before = mtimes(tmp_path / "run" / "atlas.zarr" / "layers")
    run_study(study)
    assert mtimes(tmp_path / "run" / "atlas.zarr" / "layers") == before


def show_all_on_one_page(api: str, flow_run: str, folder: Path) -> None:
    """The run that somebody started shows figures, claims, pictures and paths, and our log lines."""
    here = {"artifacts": {"flow_run_id": {"any_": [flow_run]}}}
    artifacts = httpx.post(f"{api}/artifacts/filter", json=here).json()
    contents = {each["key"]: each["data"] for each in artifacts}
    for epoch in (0, 2):
        layers = contents[artifact_key(folder / "atlas.zarr", f"epoch-{epoch}", "layers")]
        assert [row["layer"] for row in json.loads(layers)] == ["conv2", "fc1"]
        picture = contents[artifact_key(folder / "atlas.zarr", f"epoch-{epoch}", "meis")]
        assert f"at epoch {epoch}, each with the neuron's number and its response" in picture
        assert "](data:image/png" in picture
    text = contents[artifact_key(folder / "atlas.zarr", "atlas")]
    for words in ("undecided", "explore.html", "index.html", str(folder / "atlas.zarr")):
        assert words in text
    assert "file://" not in text
    ours = {"logs": {"flow_run_id": {"any_": [flow_run]}}, "limit": 200}
    of_run = httpx.post(f"{api}/logs/filter", json=ours).json()
    lines = [each["message"] for each in of_run if each["name"] == "spikeatlas"]
    assert any(line.startswith(f"atlas: {folder / 'atlas.zarr'}, report: ") for line in lines)


def test_more_epochs_extend_an_atlas(run_study: RunStudy, copied: Checked, tmp_path: Path) -> None:
    more = study_file(tmp_path, tiny(copied.study.output, probe={"epochs": [0, 0.5, 1, 2]}))
    before = xr.open_datatree(folder_of(copied.run), engine="zarr", consolidated=False).load()

    run_study(more)

    after = xr.open_datatree(folder_of(copied.run), engine="zarr", consolidated=False)
    assert after["progress"].epoch.values.tolist() == [0, 0.5, 1, 2]
    assert after["progress"].analysed.values.tolist() == [1, 1, 1, 1]
    xr.testing.assert_equal(after["image/conv2"].mei.sel(epoch=[0, 2]), before["image/conv2"].mei)

    fewer = study_file(tmp_path, tiny(copied.study.output, probe={"epochs": [2]}))
    run_study(fewer)
    assert (
        xr.open_datatree(folder_of(copied.run), engine="zarr", consolidated=False)[
            "progress"
        ].sizes["epoch"]
        == 4
    )


def test_a_failed_block_is_named_marked_and_mended(
    run_study: RunStudy, copied: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        message = "injected fault"
        raise RuntimeError(message)

    study = study_file(tmp_path, tiny(copied.study.output))
    root = zarr.open_group(copied.run.atlas, mode="r+")
    root["layers/fc1/status"][0, 4:8] = 0  # type: ignore[index]
    monkeypatch.setattr(BlockProbe, "evaluate", fail)

    with pytest.raises(
        FailedBlocks, match=r"^maximize epoch=0 layer=fc1 neurons=4-8: injected fault$"
    ):
        run_study(study)

    status = root["layers/fc1/status"][0]  # type: ignore[index]
    assert (status[4:8] == FAILED).all()  # type: ignore[index,union-attr]
    assert not root[ANALYSED][0]  # type: ignore[index]

    monkeypatch.undo()
    run_study(study)
    assert root[ANALYSED][0]  # type: ignore[index]


def test_a_run_s_own_report_says_when_it_ended(
    run_study: RunStudy, copied: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        message = "killed"
        raise RuntimeError(message)

    study, run = study_file(tmp_path, tiny(copied.study.output)), copied.run
    page = run.folder / "report" / "index.html"
    with monkeypatch.context() as patch:
        # a run that ends here has done all but the report
        patch.setattr("spikeatlas.flows.report.submit", die)
        with pytest.raises(RuntimeError, match="killed"):
            run_study(study)
    assert not page.exists()
    assert not finished(run.atlas, run.epochs)

    run_study(study)

    assert finished(run.atlas, run.epochs)
    ended = zarr.open_group(run.atlas, mode="r").attrs["ended"]
    assert f"<dt>ended</dt><dd>{ended}</dd>" in page.read_text()


def test_a_pool_of_an_epoch_is_one_task_whose_failure_marks_what_is_not_done(
    api: str, run_study: RunStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = {"methods": ["random"], "share": True, "pool": "epoch", "repeats": 1}
    study = study_file(tmp_path, tiny(tmp_path / "run", search=search, probe={"epochs": [2]}))
    seeds = BlockProbe.seeds

    def refuse(self: BlockProbe, *arguments: Any) -> Any:
        if len(self.blocks) == 1 and self.blocks[0].layer == "conv2":
            raise ArithmeticError("no")
        return seeds(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(BlockProbe, "seeds", refuse)
        with pytest.raises(FailedBlocks, match="maximize epoch=2 layer=conv2 neurons=0-4: no"):
            run_study(study)
    failed = zarr.open_group(tmp_path / "run" / "atlas.zarr")["layers/fc1/status"]
    assert (failed[0] == FAILED).all()  # type: ignore[index,union-attr]

    run_study(study)

    assert finished(tmp_path / "run" / "atlas.zarr", [2.0])
    names = [run["name"] for run in httpx.post(f"{api}/task_runs/filter", json={}).json()]
    assert "maximize together epoch=2" in names
