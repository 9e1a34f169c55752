"""Test images stream through an observation: its memory does not grow with how many there are."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.data import DataSet, Split
from spikeatlas.tasks.atlas import write
from spikeatlas.tasks.stages import observe as stage
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models

WIDE = 2_000
IMAGES = 10_000
MEMORY = 2**24


class Wide:
    """A responder of a wide layer, which counts what it is asked for at once."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        self.calls.append(len(images))
        rates = images[:, 0, 0, 0, None] / np.float32(255)
        return {"wide": np.repeat(rates, WIDE, axis=1)}


@pytest.fixture
def wide(made: Checked) -> Run:
    run = made.run.with_fields(responder=replace(made.run.responder, memory=MEMORY, batch_size=64))
    return replace(run, layers={"wide": tuple(range(WIDE))})


def test_ten_thousand_images_of_a_wide_layer_take_bounded_memory(
    wide: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (IMAGES, 1, 1, 1), dtype=np.uint8)
    split = Split(pixels, (np.arange(IMAGES) % 10).astype(np.int64))
    data = DataSet(split, split, tuple("abcdefghij"))
    respond, written = Wide(), dict[str, Any]()
    monkeypatch.setattr(models, "dataset", lambda _spec: data)
    monkeypatch.setattr(models, "responder", lambda *_arguments: respond)
    monkeypatch.setattr(
        write, "write_epoch", lambda _atlas, _epoch, arrays, _mark: written.update(arrays)
    )
    tracemalloc.start()
    stage.observe(wide, 2.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sum(respond.calls) == IMAGES
    assert set(respond.calls[:-1]) == {respond.calls[0]}
    assert respond.calls[0] % 64 == 0
    singles = written["natural_image/wide/natural_image_response"].nbytes
    # all responses at once would take 80 MB, in float64 160 more
    assert peak < MEMORY + 3 * singles < 4 * WIDE * IMAGES
    top = written["natural_top/wide/natural_top_response"]
    assert (top == pixels.max() / np.float32(255)).all()


def test_the_values_do_not_depend_on_the_pieces(
    made: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[dict[str, NDArray[Any]]] = []
    monkeypatch.setattr(
        write, "write_epoch", lambda _atlas, _epoch, arrays, _mark: pieces.append(arrays)
    )
    stage.observe(made.run, 2.0)
    monkeypatch.setattr(stage, "_NUMBERS", 2**24)
    assert len(list(stage.image_slices(made.run, 120))) == 2
    stage.observe(made.run, 2.0)
    whole, parts = pieces
    assert whole.keys() == parts.keys()
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name], values, err_msg=name)
