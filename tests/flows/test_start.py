"""A run starts checked, locked and allocated."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.flows.start import DEFAULTS, fields, start, start_study
from spikeatlas.tasks.atlas import BusyError, unfinished
from spikeatlas.tasks.study.study import Study, StudyError
from tests.tiny import study_file, tiny


def test_a_started_run_goes_on_under_a_lock_of_its_own(copied: Checked) -> None:
    with start(copied) as run:
        assert run.run_id
        assert run.digest == copied.run.digest
        assert not unfinished(run.atlas, run.blocks(2))
        with pytest.raises(BusyError), start(copied):
            pass


def test_a_fresh_start_discards_what_another_study_left(copied: Checked) -> None:
    raw = tiny(copied.study.output, search={"budget": 30})
    with pytest.raises(StudyError, match=r"search\.budget is 30 now, 20 in the atlas"):
        check(raw)
    generator = copied.run.generator_file
    with start(check(raw, fresh=True), fresh=True) as run:
        assert unfinished(run.atlas, run.blocks(2)) == run.blocks(2)
        assert not run.checkpoints.exists()
        assert generator.exists()
        assert run.generator_file == generator


def test_a_fresh_start_leaves_what_no_run_made(copied: Checked) -> None:
    mine = copied.run.checkpoints / "resnet.pt"
    mine.write_text("mine")
    raw = tiny(copied.study.output, search={"budget": 30})
    with start(check(raw, fresh=True), fresh=True):
        assert [path.name for path in copied.run.checkpoints.iterdir()] == ["resnet.pt"]
    assert mine.read_text() == "mine"


def test_a_study_from_a_form_is_checked_first(tmp_path: Path) -> None:
    study = Study.model_validate(tiny(tmp_path / "run", probe={"layers": ["conv7"]}))
    with pytest.raises(StudyError, match="there is no layer 'conv7'"), start_study(study):
        pass
    assert not (tmp_path / "run").exists()


def test_a_study_s_file_stands_for_its_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = study_file(tmp_path, tiny(tmp_path / "run"))
    assert fields(DEFAULTS, file) == tiny(tmp_path / "run")
    assert fields(DEFAULTS, None) is DEFAULTS
    own = Study(seed=1)
    assert fields(own, None) is own
    with pytest.raises(StudyError, match="give the file alone, or the fields alone"):
        fields(own, file)
    with pytest.raises(StudyError, match="there is no study file"):
        fields(DEFAULTS, tmp_path / "none.yaml")
    monkeypatch.setenv("SPIKEATLAS_ROOTS", str(tmp_path / "elsewhere"))
    with pytest.raises(StudyError, match=r"^file: "):
        fields(DEFAULTS, file)
