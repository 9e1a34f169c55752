from __future__ import annotations

import json
from pathlib import Path

import pytest

from spikeatlas.snn.robustness import MASKED_GRADIENTS
from spikeatlas.tasks.robustness.robustness_record import RobustnessRecord


def test_it_keeps_what_it_is_given_and_what_another_wrote_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "a" / "robustness.json"
    first, second = RobustnessRecord(path), RobustnessRecord(path)

    first.keep("a", {"accuracy": 0.5})
    second.keep("b", {"layers": {"fc1": {"snr": float("nan"), "silent": 3}}})

    assert RobustnessRecord(path).entries == {
        "a": {"key": "a", "accuracy": 0.5},
        "b": {"key": "b", "layers": {"fc1": {"snr": None, "silent": 3}}},
    }
    assert json.loads(path.read_text())["warning"] == MASKED_GRADIENTS


@pytest.mark.parametrize("text", ["mine", "[]", '{"made_by": "me"}', '{"made_by": "spike'])
def test_what_is_not_ours_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "robustness.json"
    path.write_text(text)
    with pytest.raises(FileExistsError, match="move it away"):
        RobustnessRecord(path)
    assert path.read_text() == text


def test_a_folder_of_its_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="move it away"):
        RobustnessRecord(tmp_path)
