"""The run of a cell: the search loop of the studies, with a stop-watch on each of its parts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Knowledge, Points, Recordings, Space
from spikeatlas.snn.ascent import AscentOptions, ascend, make_climber
from spikeatlas.tasks.analysis.naturalness import scale_at
from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.cells import GRADIENT, NATURAL, Cell, Setting
from spikeatlas.tasks.benchmark.natural_codes import observed_name
from spikeatlas.tasks.search.block_student import StudentSite, student_site
from spikeatlas.tasks.search.loop import Searches, run_search
from spikeatlas.tasks.search.margin import make_margin
from spikeatlas.tasks.search.objective import Objective, make_objective
from spikeatlas.tasks.search.probe import Probe, Record, Respond
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.latent_space import space_of
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.stopping import check_stop

Arrays = dict[str, NDArray[Any]]
PARTS = ("optimizer", "decode", "respond")
DECODED = 256
"""Stimuli decoded together, whatever the responder's batch size: the cells that were run before stay good."""


@dataclass
class StopWatch:
    """Seconds spent in each part, on the wall's clock and on the processor's (of this thread)."""

    wall: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Time a part."""
        wall, cpu = time.perf_counter(), time.thread_time()
        yield
        self.wall[part] += time.perf_counter() - wall
        self.cpu[part] += time.thread_time() - cpu

    def arrays(self) -> Arrays:
        """Return the variables of the dataset."""
        wall = {f"{part}_seconds": np.asarray(self.wall[part]) for part in PARTS}
        return wall | {f"{part}_cpu_seconds": np.asarray(self.cpu[part]) for part in PARTS}


class CellProbe(Probe):
    """The neurons of one cell, which are asked on a stop-watch."""

    def __init__(self, setting: Setting, cell: Cell) -> None:
        """Load what the cell's search needs."""
        self.stop_watch = StopWatch()
        super().__init__(
            models.generator_at(setting.generator),
            cell_space(setting, cell),
            cell_objective(setting, cell),
            batch_size=DECODED,
            watch=self.stop_watch,
        )
        self.subject = setting.subject(cell.training_seed)
        self._setting, self._cell = setting, cell
        if cell.margin:
            key = setting.noise("search")
            showing = models.showing_of(setting.setup.responder, key)
            self.margin = make_margin(self.subject, {cell.layer: cell.neurons}, showing)

    def open_responder(self, purpose: str) -> Respond:
        """Make the responder of the cell's neurons."""
        setup, layer = self._setting.setup, self._cell.layer
        neurons = {layer: self._cell.neurons}
        key = self._setting.noise(purpose)
        responder = self.subject.responder(neurons, models.showing_of(setup.responder, key))
        return lambda images: responder(images)[layer]

    def open_recorder(self, purpose: str) -> Record:
        """Make the recorder of all neurons, from the first layer to the cell's."""
        key = self._setting.noise(purpose)
        layers = self.site(None).layers
        neurons = {name: range(info.neurons) for name, info in layers.items()}
        return self.subject.responder(
            neurons, models.showing_of(self._setting.setup.responder, key)
        )

    def responses_in(self, recordings: Recordings) -> NDArray[np.float32]:
        """Return those of the cell's neurons."""
        return np.asarray(recordings[self._cell.layer][:, list(self._cell.neurons)])

    def site(self, knows: Knowledge | None) -> StudentSite:
        """Return what a student of the cell's neurons is made of."""
        key = self._setting.noise("search")
        return student_site(
            self.subject, {self._cell.layer: self._cell.neurons}, "channel", knows, key
        )


def run_cell(setting: Setting, cell: Cell) -> Arrays:
    """Search for all the cell's neurons in lock step; arrays (neurons, ...) and single numbers.

    ``response`` is measured anew on the best points, decoded again.
    """
    probe = CellProbe(setting, cell)
    run = _climb if cell.knowledge == GRADIENT else _search
    points, arrays = run(setting, cell, probe)
    return {
        "neuron": np.asarray(cell.neurons, np.int32),
        "latent": points.astype(probe.generator.latent.dtype),
        "response": probe.respond_own("report", probe.decode(points)[:, None])[:, 0],
        **arrays,
        **probe.stop_watch.arrays(),
    }


def _search(setting: Setting, cell: Cell, probe: CellProbe) -> tuple[Points, Arrays]:
    searches = Searches(
        cell.method,
        np.array(seeds(setting, cell))[:, None],
        cell.budget,
        share=cell.share,
        options=cell.options,
        pool=_pool(setting, cell),
    )
    outcome = run_search(probe, searches)
    return outcome.result.best_point, {
        "search_response": outcome.result.best_response.astype(np.float32),
        "history": outcome.result.history.astype(np.float32),
        "images": np.asarray(outcome.images),
        "shown": np.asarray(outcome.stimuli),
    }


def _climb(setting: Setting, cell: Cell, probe: CellProbe) -> tuple[Points, Arrays]:
    """Run gradient ascent; its passes are timed as a whole, as responses."""
    check_stop()
    climber = make_climber(probe.generator, probe.subject.network, cell.layer, list(cell.neurons))
    names = cell.training_seed, cell.layer, cell.search_seed
    seed = seed_of(setting.setup.seed, "guide", *names)
    with probe.watch("respond"):
        points, history = ascend(
            climber, AscentOptions(**cell.options), budget=cell.budget, seed=seed
        )
    return points, {
        "search_response": history[:, -1],
        "history": history,
        "images": np.asarray(cell.images),
        "shown": np.asarray(cell.images),
    }


def seeds(setting: Setting, cell: Cell) -> list[int]:
    """Return one seed a neuron, from names alone: a neuron's search is the same in any group."""
    where = (cell.training_seed, cell.layer)
    return [
        seed_of(setting.setup.seed, "benchmark", *where, neuron, cell.method, cell.search_seed)
        for neuron in cell.neurons
    ]


def cell_space(setting: Setting, cell: Cell) -> Space:
    """Return the space that a cell searches."""
    kind, prior = cell.space.prior, None
    if kind != "uniform" and setting.prior is not None:
        prior = models.prior_at(setting.prior, kind)
    return space_of(models.generator_at(setting.generator).latent, cell.space, prior)


def cell_objective(setting: Setting, cell: Cell) -> Objective:
    """Return the objective of a cell's search."""
    if not cell.naturalness:
        return Objective()
    group = observed_name(cell.training_seed, cell.layer)
    best = results_store.arrays(setting.store, group)["highest"][list(cell.neurons)]
    typicality = scale_at(setting.generator, setting.prior, setting.setup.data)
    return make_objective(1, cell.naturalness, best, typicality)


def _pool(setting: Setting, cell: Cell) -> Points | None:
    """Return latents of natural training images, as many as the cell may show, for a method that knows them."""
    if cell.knowledge != NATURAL:
        return None
    latents = _latents(setting.store)
    order = np.random.default_rng([setting.setup.seed, cell.training_seed, cell.search_seed])
    return np.asarray(latents[order.permutation(len(latents))[: cell.images]])


@lru_cache(maxsize=1)
def _latents(path: Path) -> Points:
    latents = results_store.values(path, results_store.POOL, "natural_latent")
    return latents.astype(np.int64) if latents.dtype.kind in "iu" else latents
