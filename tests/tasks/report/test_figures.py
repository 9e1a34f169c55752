"""Drawings of odd data."""

from __future__ import annotations

import re

import numpy as np

from spikeatlas.tasks.report.figures import Curve, chart, epoch_axis, image_axis, thinned


def test_charts_of_nothing_say_so() -> None:
    nothing = np.full(3, np.nan)
    drawing = chart(
        "empty",
        epoch_axis(np.arange(3.0)),
        [Curve("a", nothing, band=(nothing, nothing))],
        label="rate",
    )
    assert ">no values yet</text>" in drawing
    assert ">rate</text>" in drawing
    assert ">epoch</text>" in drawing


def test_many_lines_differ_and_their_legend_leaves_room() -> None:
    lines = [Curve(f"layer {n}", np.full(3, n / 20)) for n in range(16)]
    drawing = chart("many", epoch_axis(np.arange(3.0)), lines, label="rate")
    assert all(f">layer {n}</text>" in drawing for n in range(16))
    strokes = re.findall(r'fill: none; (stroke-dasharray[^"]*?)?(stroke: #\w+)[^"]*"/>', drawing)
    assert len(strokes) >= 16


def test_ticks_keep_their_distance() -> None:
    close = np.array([0.0, 0.1, 5.0, 9.9, 10.0])
    np.testing.assert_array_equal(thinned(close, close), [0.1, 5.0, 10.0])
    assert not epoch_axis(np.arange(6.0)).scale
    assert epoch_axis(np.array([0, 0.1, 1, 5])).scale["linthresh"] == 0.1
    np.testing.assert_array_equal(image_axis(np.array([1, 30, 480, 500])).ticks, [1, 10, 100, 500])
    np.testing.assert_array_equal(image_axis(np.array([1, 1010])).ticks, [1, 10, 100, 1010])
