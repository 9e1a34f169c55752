"""The forecast of a benchmark's time, from a few batches of each of its parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from rich.table import Table

from spikeatlas.optim import Points, Recordings, make_maximizer, uses_student
from spikeatlas.snn.ascent import AscentOptions, ascend, make_climber
from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.generators import Generator
from spikeatlas.snn.subjects import ChainSubject
from spikeatlas.tasks.benchmark.cells import GRADIENT, NATURAL, Cell
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.search.block_student import (
    STIMULUS,
    BlockStudent,
    StudentSite,
    student_site,
)
from spikeatlas.tasks.search.objective import Objective
from spikeatlas.tasks.study.latent_space import SpaceSpec, space_of
from spikeatlas.tasks.study.specs import ResponderSpec
from spikeatlas.tasks.workers.models import showing_of

Value = TypeVar("Value")

IMAGES = 512
KEY = CodingKey(seed=0, checkpoint="benchmark", purpose="plan")
PATIENCE = 3.0
"""Seconds after which a method's trial ends at the next generation."""


@dataclass(frozen=True)
class Costs:
    """Seconds an image of each part."""

    decode: float
    respond: dict[str, float]
    """By layer."""
    optimizer: dict[tuple[str, bool], float]
    """By label and sharing; the whole cost of gradient ascent."""

    def of(self, cell: Cell) -> float:
        """Return the seconds of a cell on one processor."""
        seconds = self.optimizer[cell.label, cell.share]
        if cell.knowledge != GRADIENT:
            seconds += self.decode + self.respond[cell.layer]
        return cell.images * seconds


def calibrate(
    model: Generator, subject: ChainSubject, spec: ResponderSpec, cells: Iterable[Cell]
) -> Costs:
    """Time a few batches of each part that the cells need."""
    cells = list(cells)
    rng = np.random.default_rng(0)
    points = space_of(model.latent, SpaceSpec()).sample(rng, IMAGES)
    decode, images = timed(lambda: model.decode(points))
    respond = {}
    for layer, neurons in {cell.layer: cell.neurons for cell in cells}.items():
        responder = subject.responder({layer: neurons}, showing_of(spec, KEY))
        responder(images)  # compiles
        respond[layer] = timed(partial(responder, images))[0] / IMAGES
    optimizer = {}
    for cell in cells:
        if (cell.label, cell.share) not in optimizer:
            trial = _climb if cell.knowledge == GRADIENT else _method
            optimizer[cell.label, cell.share] = trial(model, subject, cell)
    return Costs(decode / IMAGES, respond, optimizer)


def timed(call: Callable[[], Value]) -> tuple[float, Value]:
    """Return the seconds of a call, and its value."""
    began = time.perf_counter()
    value = call()
    return time.perf_counter() - began, value


def _method(model: Generator, subject: ChainSubject, cell: Cell) -> float:
    """Return a method's own seconds an image, from the start of its search on made-up responses."""
    rng = np.random.default_rng(0)
    count, space = len(cell.neurons), space_of(model.latent, cell.space)
    site = student_site(
        subject,
        {cell.layer: cell.neurons},
        "channel",
        cell.options.get("knows") if cell.share else "numbers",
        KEY,
    )
    asks = uses_student(cell.method)
    search = make_maximizer(
        cell.method,
        space,
        seeds=range(count),
        budget=cell.budget,
        share=cell.share,
        pool=space.sample(rng, cell.images) if cell.knowledge == NATURAL else None,
        student=BlockStudent(site, model, space, Objective()) if asks else None,
        **cell.options,
    )
    seconds, images = 0.0, 0
    while not search.done and seconds < PATIENCE and images < 200 * count:
        spent, batch = timed(search.ask)
        responses = rng.random((len(batch), count), dtype=np.float32)
        recordings = _recordings(model, site, batch.points, share=cell.share) if asks else None
        seconds += spent + timed(partial(search.tell, batch, responses, recordings))[0]
        images += len(batch)
    return seconds / images


def _recordings(model: Generator, site: StudentSite, points: Points, *, share: bool) -> Recordings:
    """Return made-up recordings of points, as many as a student is told."""
    rng = np.random.default_rng(0)
    numbers = {
        name: rng.random((len(points), info.neurons), dtype=np.float32)
        for name, info in site.layers.items()
    }
    return {STIMULUS: model.decode(points), **(numbers if share else {})}


def _climb(model: Generator, subject: ChainSubject, cell: Cell) -> float:
    """Return the seconds an image of gradient ascent: a few steps of one climb."""
    ascent = AscentOptions(**{**cell.options, "restarts": 1})
    climber = make_climber(model, subject.network, cell.layer, list(cell.neurons))
    climb = partial(ascend, climber, ascent, budget=6, seed=0)
    climb()  # the first one makes what all others use
    return timed(climb)[0] / (6 * len(cell.neurons))


def forecast(costs: Costs, cells: Iterable[Cell], undone: Iterable[Cell], workers: int) -> str:
    """Return a table of the cells, images and minutes of each method, and the time that is left."""
    cells, to_do = list(cells), {cell.name for cell in undone}
    table = Table("method", "share", "budget", "cells", "done", "images", "minutes of one core")
    for label, share, budget in dict.fromkeys((c.label, c.share, c.budget) for c in cells):
        group = [c for c in cells if (c.label, c.share, c.budget) == (label, share, budget)]
        rest = [cell for cell in group if cell.name in to_do]
        table.add_row(
            label,
            "on" if share else "off",
            str(budget),
            str(len(group)),
            str(len(group) - len(rest)),
            f"{sum(cell.images for cell in group):,}",
            f"{sum(map(costs.of, rest)) / 60:.1f}",
        )
    seconds = sum(costs.of(cell) for cell in cells if cell.name in to_do)
    parts = ", ".join(f"{layer} {1e3 * seconds:.2f}" for layer, seconds in costs.respond.items())
    return (
        f"{as_text(table)}\nms an image: decode {1e3 * costs.decode:.2f}, respond {parts}\n"
        f"predicted time: {seconds / 60:.0f} minutes of one core, "
        f"{seconds / 60 / workers:.0f} minutes with {workers} workers ({len(to_do)} of {len(cells)} cells to do)"
    )
