"""Diverse stimuli stand in a row."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.report import write_report


def test_diverse_stimuli_stand_in_a_row(varied: Checked, tmp_path: Path) -> None:
    text = write_report(varied.run.atlas, tmp_path).read_text()
    layer = open_tree(varied.run.atlas).layer("conv2").sel(epoch=2).load()
    best = layer.stack(place=("search", "repeat"))
    rows = re.search(r'<div class="grid variety".*?</table>', text, re.DOTALL)
    assert rows is not None
    assert "As different as possible" in text

    rows_read = 0
    for neuron in range(best.sizes["neuron"]):
        one = best.isel(neuron=neuron)
        one = one.isel(place=int(one.response.values.argmax()))
        cells = re.search(rf"<b>neuron {neuron}</b></th>(.*?)</tr>", rows[0], re.DOTALL)
        count = int(one.diverse_count)
        assert (cells is not None) == (count > 0)
        if cells is None:
            continue
        pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', cells[1])
        assert len(pictures) == 1 + count
        images = [one.mei.values, *one.diverse.values[:count]]
        for picture, image in zip(pictures, images, strict=True):
            np.testing.assert_array_equal(
                np.asarray(Image.open(io.BytesIO(base64.b64decode(picture)))), image[0]
            )
        texts = [f"<b>{float(value):.3f}</b>" for value in one.diverse_response.values[:count]]
        assert all(response in cells[1] for response in texts)
        rows_read += 1
    assert rows_read
