"""The table's rows on made-up results whose verdicts are known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from spikeatlas.tasks.benchmark.scoring.method_lines import MethodLine, method_lines
from spikeatlas.tasks.benchmark.scoring.table import method_table, number, target_table
from spikeatlas.tasks.benchmark.scoring.target_row import TargetRow
from spikeatlas.tasks.benchmark.scoring.targets import target_rows
from tests.tasks.benchmark.scoring.made_up import results, search


def race(ours: list[float], others: list[float], **guide: list[float]) -> xr.Dataset:
    """The subject, a rival, natural images, the reference, both groups, both ways of sharing."""
    parts = [search("reference", [0.2, 0.5]), search("reference", [0.2, 0.5], group="sharing")]
    for share in (True, False):
        parts += [
            search("screened", ours, share=share),
            search("random", others, share=share),
            search("pool", others, share=share),
            search("screened", ours, share=share, group="sharing", optimizer_cpu_seconds=0.2),
        ]
    parts += [search(name, found, knowledge="gradient") for name, found in guide.items()]
    return results(*parts)


def row(rows: list[TargetRow], words: str, *, share: bool) -> TargetRow:
    mode = "sharing" if share else "alone"
    (found,) = [each for each in rows if each.target.startswith(f"screened, {mode}: {words}")]
    return found


def line(lines: list[MethodLine], label: str, share: bool) -> MethodLine:
    (found,) = [each for each in lines if (each.label, each.share) == (label, share)]
    return found


def test_every_row_is_there_and_met() -> None:
    rows = target_rows(race([0.8, 0.9], [0.1, 0.3], guide=[0.8, 1.0]), ["screened"])

    assert len(rows) == 18
    ratio = row(rows, "response / reference's where that is below 0.33", share=True)
    assert ratio.value == pytest.approx(4)  # one neuron has so weak a reference
    assert ratio.met
    assert ratio.note == "1 of 2 neurons"
    assert row(rows, "share of the headroom won", share=False).value == pytest.approx(
        (0.75 + 0.8) / 2
    )
    assert row(rows, "share of the headroom won", share=False).met is None
    # best so far rises in ten steps: 0.2 of 0.8 at image 3, 0.5 of 0.9 at image 6
    assert (
        row(rows, "images a neuron to the reference's final level, 2 neurons", share=True).value
        == 4.5
    )
    assert row(rows, "images a neuron to the reference's final level, 2 neurons", share=False).met
    assert row(rows, "beats every method that knows no more", share=True).value == 1
    assert row(rows, "failures", share=True).value == 0
    assert row(rows, "response above the best encoded natural image", share=True).met
    assert (
        "to raw images 1.06"
        in row(rows, "response above the best encoded natural image", share=True).note
    )
    guide = row(rows, "response / the gradient guide's", share=True)
    assert guide.value == pytest.approx(0.95)
    assert guide.met
    assert row(rows, "optimiser's own time / decode time", share=True).value == pytest.approx(0.2)
    assert row(rows, "beats pool at equal images", share=False).met


def test_rows_that_are_not_met_name_their_losing_cases() -> None:
    rows = target_rows(race([0.1, 0.3], [0.1, 0.9], guide=[0.2, 0.3]), ["screened"])

    ratio = row(rows, "response / reference's where that is below 0.33", share=True)
    assert ratio.value == pytest.approx(0.5)
    assert ratio.met is False
    assert ratio.losing == ("seed 1 conv1/4",)
    beaten = row(rows, "beats every method that knows no more", share=False)
    assert beaten.value == 0  # a tie is no win
    assert beaten.note.startswith("0 wins, 1 ties, 1 losses")
    assert beaten.losing == ("seed 1 conv1/4", "seed 1 conv1/7")
    assert row(rows, "failures", share=True).value == 1
    assert row(rows, "failures", share=True).met is False
    assert row(rows, "response above the best encoded natural image", share=True).value == 0
    never = row(rows, "images a neuron to the reference's final level, 2 neurons", share=True)
    assert never.value == np.inf
    assert never.met is False
    assert never.note.endswith("never 2")


def test_the_guide_counts_only_where_it_beats_random() -> None:
    guide = row(
        target_rows(race([0.8, 0.9], [0.1, 0.6], guide=[0.8, 0.5]), ["screened"]),
        "response / the gradient guide's",
        share=True,
    )
    assert guide.value == pytest.approx(1.4)
    assert guide.met is False
    assert "beats random on 1 of 2 (does not count)" in guide.note


def test_what_was_not_run_is_not_judged() -> None:
    rows = target_rows(results(search("screened", [0.4]), search("random", [0.2])), ["screened"])
    assert row(rows, "beats every method that knows no more", share=False).met
    for words in (
        "response / reference's",
        "beats pool at equal images",
        "response / the gradient guide's",
    ):
        assert np.isnan(row(rows, words, share=False).value)
        assert row(rows, words, share=False).met is None


def test_only_methods_of_the_class_and_below_are_rivals() -> None:
    rows = target_rows(
        results(
            search("screened", [0.4]),
            search("tt", [0.3]),
            search("pool", [0.9]),
            search("reference", [0.9]),
            search("guide-swap", [0.9], knowledge="gradient"),
        ),
        ["screened"],
    )
    assert row(rows, "beats every method that knows no more", share=False).value == 1
    assert row(rows, "beats pool at equal images", share=False).value == 0


def test_method_lines() -> None:
    lines = method_lines(race([0.8, 0.9], [0.1, 0.9], guide=[0.8, 1.0]), "screened")

    rival = line(lines, "random", share=True)
    assert rival.normalised == pytest.approx((0.125 + 0.9) / 2)
    assert rival.failures == 1
    assert rival.comparison is not None
    assert tuple(rival.comparison) == (1, 1, 0)
    assert rival.seconds == pytest.approx(3 / 100)
    assert rival.own_seconds == pytest.approx(1 / 100)
    assert line(lines, "screened", share=True).comparison is None
    assert np.isnan(line(lines, "reference", share=False).reached)


def test_the_tables_are_markdown() -> None:
    found = race([0.1, 0.3], [0.1, 0.9])
    rows, lines = target_rows(found, ["screened"]), method_lines(found, "screened")

    table = target_table(rows)
    assert table.splitlines()[0].startswith("| target | wanted | value |")
    assert "- screened, sharing: failures: seed 1 conv1/7" in table
    assert sum(text.startswith("| ") for text in table.splitlines()) == len(rows) + 2
    assert len(method_table(lines, "screened").splitlines()) == len(lines) + 2


def test_numbers() -> None:
    assert [number(value) for value in (np.nan, np.inf, 0.123, 123.4)] == [
        "-",
        "never",
        "0.12",
        "123",
    ]
