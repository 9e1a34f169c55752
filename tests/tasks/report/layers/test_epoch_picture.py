"""An epoch's picture on a run's page: the stimuli as they are, each with its neuron and its response."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
import zarr
from PIL import Image, ImageDraw

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import DONE, SATURATED, SILENT, STATUS, open_tree
from spikeatlas.tasks.report.layers.epoch_picture import EDGE, GAP, LINE, PICTURES, epoch_picture


@pytest.fixture
def labels(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written on a picture."""
    words: list[str] = []
    write = ImageDraw.ImageDraw.text

    def note(canvas: Any, place: Any, text: str, **options: Any) -> None:
        words.append(text)
        write(canvas, place, text, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", note)
    return words


def test_the_picture_holds_the_stimuli_with_neuron_and_response(
    compared: Checked, labels: list[str]
) -> None:
    uri = epoch_picture(open_tree(compared.run.atlas), 2)
    with Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))) as picture:
        pixels = np.asarray(picture)
    group = open_tree(compared.run.atlas).layer("conv2", "layers", "image").sel(epoch=2)
    searched = group.response.where(group.status.isin((DONE, SATURATED))).isel(search=0, repeat=0)
    best = int(searched.argmax("neuron"))
    assert np.array_equal(
        pixels[LINE : LINE + EDGE : 6, GAP : GAP + EDGE : 6],
        group.mei.isel(neuron=best, search=0, repeat=0).values[0],
    )
    assert pixels.shape[1] <= (EDGE + GAP) * PICTURES + GAP
    first = [f"n {int(group.neuron[best])}", f"{float(searched[best]):.3g}"]
    assert labels[:3] == ["conv2", *first]
    assert "fc1" in labels


def test_a_silent_layer_is_said_to_be(compared_copy: Checked, labels: list[str]) -> None:
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    for layer in ("conv2", "fc1"):
        status: Any = root[f"best/{layer}/status"]
        status[:] = STATUS[SILENT]
    assert epoch_picture(open_tree(compared_copy.run.atlas), 2).startswith("data:image/png")
    assert labels == ["conv2: no neuron fires", "fc1: no neuron fires"]
