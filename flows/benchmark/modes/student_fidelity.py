"""The fidelity of students of each kind to the networks of a race: what they answer to images that they never saw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from spikeatlas.flows.benchmark.racing.bench import Bench, parse
from spikeatlas.flows.benchmark.racing.checks import check
from spikeatlas.flows.benchmark.racing.preparation import (
    NeuronsByLayer,
    draw_neurons,
    make_setting,
    observe,
    train_generator,
    train_networks,
)
from spikeatlas.flows.runners.failures import working
from spikeatlas.flows.study_file import read_study
from spikeatlas.optim import Knowledge
from spikeatlas.tasks.atlas import coordinator
from spikeatlas.tasks.benchmark.cells import MAIN, Cell
from spikeatlas.tasks.benchmark.student_fit import StudentFit, fit_student
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.workers.process import worker_processes

IMAGES = (60, 250)
"""For each neuron: of sixteen neurons, 250 are as many as a twin learns from at most."""


def measure_students(students: Path, overrides: Sequence[str] = ()) -> Iterator[str]:
    """Fit students of each kind to the networks of a race's file, which are trained first where they are not there."""
    bench = parse(read_study(students, overrides))
    check(bench)
    with coordinator(bench.output), worker_processes(bench.workers) as pool, working():
        yield from train_generator(bench, pool)
        yield from train_networks(bench, pool)
        setting = make_setting(bench)
        yield from observe(bench, setting, pool)
        futures = [
            pool.submit(fit_student, setting, cell, knows)
            for cell, knows in product(_cells(bench, draw_neurons(bench)), get_args(Knowledge))
        ]
        yield as_text(table_of([future.result() for future in futures]))


def _cells(bench: Bench, neurons: NeuronsByLayer) -> Iterator[Cell]:
    """Yield the cells of so many images a neuron, layer by layer."""
    for layer, images, seed in product(bench.layers, IMAGES, bench.training_seeds):
        rows = neurons[seed, layer][: bench.neurons]
        yield Cell(seed, layer, MAIN, rows, "student", "twin", "recordings", True, 0, images)


def table_of(fits: Iterable[StudentFit]) -> Table:
    """Return a row for each layer, number of images and kind of student: medians over the neurons of all networks."""
    table = Table(
        "layer",
        "images a neuron",
        "knows",
        "natural images: correlation",
        "quartiles",
        "screening images: correlation",
        "quartiles",
        "CPU s a fit",
    )
    groups: dict[tuple[str, int, Knowledge], list[StudentFit]] = {}
    for fit in fits:
        groups.setdefault((fit.layer, fit.images, fit.knows), []).append(fit)
    for (layer, images, knows), group in groups.items():
        natural = np.concatenate([fit.natural for fit in group])
        samples = np.concatenate([fit.samples for fit in group])
        seconds = np.median([fit.seconds for fit in group])
        row = [*_quartiles(natural), *_quartiles(samples), f"{seconds:.1f}"]
        table.add_row(layer, str(images), knows, *row)
    return table


def _quartiles(values: NDArray[np.float64]) -> tuple[str, str]:
    """Return the median of correlations, and between what the middle half lies; those that are none do not count."""
    low, middle, high = np.nanquantile(values, (0.25, 0.5, 0.75))
    return f"{middle:.2f}", f"{low:.2f} to {high:.2f}"
