"""How a cell is run: the search's loop with a stop-watch on each of its parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Points, make_maximizer
from spikeatlas.snn.gradient_ascent import AscentOptions, ascend, make_climber
from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.cells import GRADIENT, NATURAL, Cell, Setting
from spikeatlas.tasks.benchmark.models import (
    code_prior,
    generator,
    natural_scale,
    network,
    responder,
)
from spikeatlas.tasks.benchmark.natural_codes import observed_name
from spikeatlas.tasks.search.objective import Trade
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.latent_space import space_of
from spikeatlas.tasks.workers.stopping import check_stop

Arrays = dict[str, NDArray[Any]]
PARTS = ("optimizer", "decode", "respond")


@dataclass
class Watch:
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
        """What is stored of it."""
        found = {f"{part}_seconds": np.asarray(self.wall[part]) for part in PARTS}
        return found | {f"{part}_cpu_seconds": np.asarray(self.cpu[part]) for part in PARTS}


def run_cell(setting: Setting, cell: Cell, stop: Callable[[], None] = check_stop) -> Arrays:
    """Search for all the cell's neurons in lock step; arrays (neurons, ...) and single numbers.

    ``response`` is measured anew on the best points, decoded again.
    """
    found = (_climb if cell.knowledge == GRADIENT else _search)(setting, cell, stop)
    points, model = found.pop("point"), generator(setting)
    respond = _respond(setting, cell, "report")
    answers = respond(model.decode(points))
    return {
        "neuron": np.asarray(cell.neurons, np.int32),
        "latent": points.astype(model.latent.dtype),
        "response": np.diagonal(answers).astype(np.float32),
        **found,
    }


def _search(setting: Setting, cell: Cell, stop: Callable[[], None]) -> Arrays:
    model, respond = generator(setting), _respond(setting, cell, "search")
    watch, images, shown = Watch(), 0, 0
    pool, trade = _pool(setting, cell), _trade(setting, cell)
    with watch("optimizer"):
        space = space_of(model.latent, cell.space, code_prior(setting, cell.space.prior))
        search = make_maximizer(
            cell.method, space, seeds=seeds(setting, cell), budget=cell.budget,
            share=cell.share, pool=pool, **cell.options,
        )  # fmt: skip
    while not search.done:
        stop()
        with watch("optimizer"):
            batch = search.ask()
        # an image answers the same wherever it stands: each is decoded and shown once
        points, places = np.unique(batch.points, axis=0, return_inverse=True)
        with watch("decode"):
            stimuli = model.decode(points)
        with watch("respond"):
            responses = respond(stimuli)
            told = trade.told(responses, points, stimuli) if trade else responses
        with watch("optimizer"):
            search.tell(batch, told[places.reshape(-1)])
        images, shown = images + len(batch), shown + len(points)
    with watch("optimizer"):
        result = search.result()
    return {
        "point": result.best_point,
        "search_response": result.best_response.astype(np.float32),
        "history": result.history.astype(np.float32),
        "images": np.asarray(images),
        "shown": np.asarray(shown),
        **watch.arrays(),
    }


def _climb(setting: Setting, cell: Cell, stop: Callable[[], None]) -> Arrays:
    """The gradient guide; its passes are timed as a whole, as responses."""
    stop()
    net = network(setting, cell.training_seed)
    climber = make_climber(generator(setting), net, cell.layer, list(cell.neurons))
    seed = seed_of(setting.seed, "guide", cell.training_seed, cell.layer, cell.search_seed)
    watch = Watch()
    with watch("respond"):
        points, history = ascend(
            climber, AscentOptions(**cell.options), budget=cell.budget, seed=seed
        )
    return {
        "point": points,
        "search_response": history[:, -1],
        "history": history,
        "images": np.asarray(cell.images),
        "shown": np.asarray(cell.images),
        **watch.arrays(),
    }


def seeds(setting: Setting, cell: Cell) -> list[int]:
    """One seed a neuron, from names alone: a neuron's search is the same in any group."""
    where = (cell.training_seed, cell.layer)
    return [
        seed_of(setting.seed, "benchmark", *where, neuron, cell.method, cell.search_seed)
        for neuron in cell.neurons
    ]


def _respond(
    setting: Setting, cell: Cell, purpose: str
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    net = network(setting, cell.training_seed)
    found = responder(setting, net, [cell.layer], {cell.layer: cell.neurons}, purpose)
    return lambda stimuli: found(stimuli)[cell.layer]


def _trade(setting: Setting, cell: Cell) -> Trade | None:
    """The trade against naturalness that the cell is about, if it is."""
    if not cell.naturalness:
        return None
    seen = results_store.arrays(setting.store, observed_name(cell.training_seed, cell.layer))
    return Trade(cell.naturalness, 1, seen["highest"][list(cell.neurons)], natural_scale(setting))


def _pool(setting: Setting, cell: Cell) -> Points | None:
    """Latents of natural training images, as many as the cell may show, for those who know them."""
    if cell.knowledge != NATURAL:
        return None
    latents = _latents(setting.store)
    order = np.random.default_rng([setting.seed, cell.training_seed, cell.search_seed])
    return np.asarray(latents[order.permutation(len(latents))[: cell.images]])


@lru_cache(maxsize=1)
def _latents(path: Path) -> Points:
    found = results_store.values(path, results_store.POOL, "natural_latent")
    return found.astype(np.int64) if found.dtype.kind in "iu" else found
