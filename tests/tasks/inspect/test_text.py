from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from spikeatlas.tasks.inspect.text import ROWS, as_json, draw, text

FRAME = pd.DataFrame(
    {"layer": ["a", "b"], "onset_epoch": [0.123456789, float("nan")], "latent": [[1, 2], [3] * 20]}
)


def test_a_table_shortens_what_is_long() -> None:
    told = text(FRAME)
    assert "0.1235" in told
    assert "1 2 " in told
    assert "3 3 3 3 3 3 3 3 3 3 3 3 ..." in told
    many = text(pd.DataFrame({"index": range(ROWS + 7)}))
    assert f" {ROWS - 1} " in many
    assert f" {ROWS} " not in many
    assert "... and 7 more" in many


def test_json_keeps_all_and_has_no_nan() -> None:
    rows = json.loads(as_json(FRAME), parse_constant=pytest.fail)
    assert rows[0] == {"layer": "a", "onset_epoch": 0.123456789, "latent": [1, 2]}
    assert rows[1]["onset_epoch"] is None
    assert json.loads(as_json(FRAME.head(0))) == []


@pytest.mark.parametrize("rows", [0, 2])
def test_a_picture_may_have_nothing_to_show(rows: int, tmp_path: Path) -> None:
    draw(FRAME.head(rows), "onset", tmp_path / "a.picture")
    with Image.open(tmp_path / "a.picture") as picture:
        assert picture.format == "PNG"
        assert picture.size == (840, 480)
