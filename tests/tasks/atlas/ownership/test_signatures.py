from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas.ownership import (
    is_checkpoint,
    is_claims,
    is_page,
    is_run_folder,
    is_training_state,
)
from spikeatlas.tasks.report import write_report

SIGNS = [is_checkpoint, is_claims, is_page, is_training_state]


def test_what_a_run_makes_has_one_sign(made: Checked, tmp_path: Path) -> None:
    write_report(made.run.atlas, tmp_path)
    checkpoints = made.run.checkpoints
    paths = [
        checkpoints / "epoch-0.safetensors",
        made.run.folder / "claims.json",
        tmp_path / "index.html",
        checkpoints / "training-state.pt",
    ]
    for path, sign in zip(paths, SIGNS, strict=True):
        assert [other for other in SIGNS if other(path)] == [sign]
    assert is_page(tmp_path / "explore.html")
    assert is_checkpoint(paths[0], made.run.digest)
    assert not is_checkpoint(paths[0], "other")
    assert is_run_folder(made.run.folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"mine", b"[]x", b'[{"name": 1}]', b"\xff\xfe", b"<title>My Spike Atlas: notes</title>", bytes(64)],
)  # fmt: skip
def test_what_a_user_makes_has_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert not any(sign(path) for sign in SIGNS)
    (tmp_path / ".writers").write_bytes(content or b"mine")
    assert not is_run_folder(tmp_path)
    assert not any(sign(tmp_path) or sign(tmp_path / "nothing") for sign in SIGNS)
