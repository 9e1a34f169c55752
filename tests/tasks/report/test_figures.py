"""Drawings of odd data."""

from __future__ import annotations

import re

import numpy as np

from spikeatlas.tasks.report.figures import (
    Curve,
    chart,
    epoch_axis,
    image_axis,
    scatter,
    thinned,
)


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


def test_odd_names_stand_in_the_legend_and_make_plain_ids() -> None:
    lines = [Curve(name, np.full(2, 0.5)) for name in ("_bn $1$", "layer 2.0#1")]
    drawing = chart("layer 2.0#1-search", epoch_axis(np.arange(2.0)), lines, label="rate")
    assert re.search(r">\s*_bn \$1\$</text>", drawing)
    assert ">layer 2.0#1</text>" in drawing
    ids = re.findall(r'\bid="([^"]*)"', drawing)
    assert ids
    assert all(name.startswith("layer~20~2.0~23~1-search-") for name in ids)
    assert set(re.findall(r"url\(#([^)]+)\)", drawing)) <= set(ids)


def test_marks_below_zero_are_within_the_axes() -> None:
    drawing = scatter("s", np.array([-5.0, -4.0]), np.array([0.1, 0.2]), labels=("x", "y"))
    marks = [
        float(x) for x in re.findall(r'<use [^>]*x="([-\d.]+)"[^>]*style="fill: #0072b2', drawing)
    ]
    assert len(marks) == 2
    assert min(marks) > 30
