"""The report of a race of searches: its tables and figures, from the cells that are done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import xarray as xr

from spikeatlas.flows.benchmark.racing.bench import Bench
from spikeatlas.flows.benchmark.racing.preparation import (
    draw_neurons,
    is_observed,
    is_trained,
    make_setting,
)
from spikeatlas.flows.benchmark.racing.race_pieces import missing_pieces, read_pieces, results_of
from spikeatlas.snn.atomic import require_picture
from spikeatlas.snn.classifier import load_classifier
from spikeatlas.tasks.benchmark import naturalness_race, results_store
from spikeatlas.tasks.benchmark.cells import MAIN, Cell, Setting
from spikeatlas.tasks.benchmark.naturalness_figure import draw_front, draw_stimuli
from spikeatlas.tasks.benchmark.naturalness_race import NaturalnessJudge
from spikeatlas.tasks.benchmark.results import collect
from spikeatlas.tasks.benchmark.scoring.duels import duel_rows
from spikeatlas.tasks.benchmark.scoring.method_lines import method_lines
from spikeatlas.tasks.benchmark.scoring.race_figures import draw_race
from spikeatlas.tasks.benchmark.scoring.table import method_table, target_table
from spikeatlas.tasks.benchmark.scoring.targets import target_rows
from spikeatlas.tasks.study.study import StudyError


def report(bench: Bench, figure: Path | None) -> Iterator[str]:
    """Yield the table from what is done, naming what is missing, and the figure."""
    _require_results(bench)
    setting = make_setting(bench)
    cells = bench.matrix.cells(draw_neurons(bench))
    missing = {cell.name for cell in undone(setting, cells)}
    finished = [cell for cell in cells if cell.name not in missing]
    if not any(cell.group == MAIN for cell in finished):
        message = f"{bench.store} holds no finished search of this benchmark: run it first"
        raise StudyError([message])
    results = collect(bench.store, finished, bench.budget)
    yield f"dataset: {bench.store}"
    yield from race_tables(bench, results)
    if missing:
        yield f"missing {len(missing)} of {len(cells)} cells: {', '.join(sorted(missing))}"
    yield from _figures(bench, results, figure)
    yield from _naturalness(bench, setting, finished)


def report_pieces(bench: Bench, figure: Path | None) -> Iterator[str]:
    """Yield the tables from the pieces alone, naming what is missing, and the figure where one is asked for."""
    pieces = read_pieces(bench)
    if not any(cell.group == MAIN for cell in pieces):
        message = (
            f"results: {bench.results} holds no finished search of this benchmark: run it first"
        )
        raise StudyError([message])
    results = results_of(bench, pieces)
    yield from race_tables(bench, results)
    missing = missing_pieces(bench, pieces)
    if missing:
        yield f"missing {len(missing)} of {len(missing) + len(pieces)} cells: {', '.join(sorted(missing))}"
    yield from _figures(bench, results, figure)


def race_tables(bench: Bench, results: xr.Dataset) -> Iterator[str]:
    """Yield the targets, then the methods."""
    rows = target_rows(results, bench.protagonists)
    yield target_table([*rows, *duel_rows(results, bench.duels, bench.pursuits)])
    yield method_table(method_lines(results, bench.protagonists[0]), bench.protagonists[0])


def _figures(bench: Bench, results: xr.Dataset, figure: Path | None) -> Iterator[str]:
    usual = [bench.output / "search.png"] if bench.output.exists() else []
    for path in (*usual, *([figure] if figure else ())):
        require_picture(path)
        draw_race(results, list(bench.layers), bench.protagonists[0], path)
        yield f"figure: {path}"


def _require_results(bench: Bench) -> None:
    """Raise StudyError where nothing of the benchmark is there to report."""
    results_store.existing(bench.store)
    if not is_observed(bench):
        raise StudyError([f"{bench.store} holds no results yet: run the benchmark first"])
    untrained = [seed for seed in bench.training_seeds if not is_trained(bench, seed)]
    if untrained:
        message = f"training_seeds: the networks of {untrained} are not trained with these fields yet: run the benchmark first"
        raise StudyError([message])


def undone(setting: Setting, cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells without a result, or with one made from other values."""
    return [
        cell
        for cell in cells
        if not results_store.done(setting.store, f"cells/{cell.name}", cell.digest(setting))
    ]


def _naturalness(bench: Bench, setting: Setting, cells: list[Cell]) -> Iterator[str]:
    """Yield how natural the stimuli are, where there is a classifier to tell."""
    if bench.classifier is None:
        return
    judge = NaturalnessJudge(setting, load_classifier(bench.classifier_file))
    ordered = sorted(cells, key=file_order(bench))
    methods = list(naturalness_race.collect(judge, bench.store, ordered))
    yield naturalness_race.table(methods)
    draw_front(methods, bench.output / "naturalness.png")
    draw_stimuli(methods, bench.output / "stimuli.png")
    yield f"figures: {bench.output / 'naturalness.png'}, {bench.output / 'stimuli.png'}"


def file_order(bench: Bench) -> Callable[[Cell], int]:
    """Return a sorting key: methods as the file names them, gradient ascent and others last."""
    numbers = {method.title: number for number, method in enumerate(bench.methods)}
    return lambda cell: numbers.get(cell.label, len(numbers))
